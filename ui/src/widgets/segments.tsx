// One of a few, side by side: one stop for the tab key, arrows choose.
import type { LucideIcon } from "lucide-react";
import { type KeyboardEvent, useRef } from "react";

export type Segment<Value extends string> = { value: Value; word: string; says?: string; icon?: LucideIcon };

type Props<Value extends string> = {
  label: string;
  value: Value;
  onValue: (value: Value) => void;
  segments: readonly Segment<Value>[];
  /** Said of the whole, such as its key. */
  title?: string;
  /** Leaves the icons alone where the container is narrow. */
  shy?: boolean;
};

const STEPS: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export function Segments<Value extends string>({ label, value, onValue, segments, title, shy }: Props<Value>) {
  const group = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const by = STEPS[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const at = segments.findIndex((one) => one.value === value);
    const next = (at + by + segments.length) % segments.length;
    const chosen = segments[next];
    if (chosen) onValue(chosen.value);
    group.current?.querySelectorAll<HTMLElement>("[role=radio]")[next]?.focus();
  };
  return (
    <div
      ref={group}
      role="radiogroup"
      aria-label={label}
      title={title}
      className="inline-flex w-fit shrink-0 overflow-hidden rounded border border-line"
    >
      {segments.map(({ value: one, word, says, icon: Icon }) => (
        <button
          key={one}
          type="button"
          role="radio"
          aria-label={word}
          aria-checked={one === value}
          tabIndex={one === value ? 0 : -1}
          title={says}
          onClick={() => onValue(one)}
          onKeyDown={move}
          className={`flex h-6 items-center gap-1.5 border-line border-r px-2 text-sm last:border-r-0 ${
            one === value ? "bg-chosen font-medium" : "text-muted hover:bg-hover hover:text-ink"
          }`}
        >
          {Icon && <Icon size={12} />}
          <span className={shy ? "hidden @3xl:inline" : ""}>{word}</span>
        </button>
      ))}
    </div>
  );
}
