// A button with an icon and a word. One that does not apply stays reachable, does nothing and says why.
import type { LucideIcon } from "lucide-react";

type Look = "plain" | "primary" | "human" | "danger";

const LOOKS: Record<Look, string> = {
  plain: "border-line bg-canvas text-ink hover:bg-hover",
  primary: "border-ok-line bg-ok-soft text-ok hover:border-ok",
  human: "border-human-line bg-human-soft text-human hover:border-human",
  danger: "border-error-line bg-error-soft text-error hover:border-error",
};

type Props = {
  icon: LucideIcon;
  word: string;
  onClick: () => void;
  /** The key that does the same, shown in the tooltip. */
  shortcut?: string;
  /** What it does, where the word alone does not say. */
  says?: string;
  /** Why it cannot be used now; null or absent: it can. */
  off?: string | null;
  look?: Look;
  pressed?: boolean;
  /** Hides the word where the container is narrow. */
  shy?: boolean;
};

export function Button({ icon: Icon, word, onClick, shortcut, says, off, look = "plain", pressed, shy }: Props) {
  const idle = off != null;
  const key = shortcut ? ` ( ${shortcut} )` : "";
  return (
    <button
      type="button"
      aria-label={word}
      aria-disabled={idle}
      aria-pressed={pressed}
      title={idle ? `${word}: ${off}` : `${says ?? word}${key}`}
      onClick={() => !idle && onClick()}
      className={`inline-flex h-6 shrink-0 items-center gap-1.5 rounded border px-2 text-sm ${
        idle ? "!cursor-default border-line text-faint" : LOOKS[look]
      } ${pressed ? "bg-chosen" : ""}`}
    >
      <Icon size={12} className="shrink-0" />
      <span className={shy ? "hidden @5xl:inline" : ""}>{word}</span>
    </button>
  );
}
