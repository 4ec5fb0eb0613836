// Text that was on the wire. Always a text node: nothing recorded is ever markup.
import { useState } from "react";
import { bytes } from "@/model/format";

const FIRST = 20_000;

export function Wire({ text, label, wrap = true }: { text: string; label: string; wrap?: boolean }) {
  const [shown, setShown] = useState(FIRST);
  const cut = text.length > shown;
  return (
    <div className="min-w-0">
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: long text must be scrollable by keyboard
        tabIndex={0}
        role="group"
        aria-label={label}
        className={`overflow-x-auto text-sm leading-[18px] ${wrap ? "whitespace-pre-wrap break-words [overflow-wrap:anywhere]" : "whitespace-pre"}`}
      >
        {cut ? text.slice(0, shown) : text}
      </pre>
      {cut && (
        <button
          type="button"
          onClick={() => setShown(shown * 8)}
          className="mt-1 rounded border border-edge px-2 text-sm hover:bg-hover"
        >
          Show more ({bytes(text.length - shown)} left)
        </button>
      )}
    </div>
  );
}
