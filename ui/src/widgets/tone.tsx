// The accents: each always with an icon or a word beside its colour.
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

export type Tone = "neutral" | "model" | "tool" | "policy" | "human" | "error" | "ok";

const TEXT: Record<Tone, string> = {
  neutral: "text-muted",
  model: "text-model",
  tool: "text-tool",
  policy: "text-policy",
  human: "text-human",
  error: "text-error",
  ok: "text-ok",
};
const SOFT: Record<Tone, string> = {
  neutral: "border-line bg-panel text-muted",
  model: "border-model-line bg-model-soft text-model",
  tool: "border-tool-line bg-tool-soft text-tool",
  policy: "border-policy-line bg-policy-soft text-policy",
  human: "border-human-line bg-human-soft text-human",
  error: "border-error-line bg-error-soft text-error",
  ok: "border-ok-line bg-ok-soft text-ok",
};

export const toneText = (tone: Tone): string => TEXT[tone];

export function Pill({
  tone = "neutral",
  icon: Icon,
  dashed = false,
  title,
  children,
}: {
  tone?: Tone;
  icon?: LucideIcon;
  dashed?: boolean;
  title?: string;
  children: ReactNode;
}) {
  return (
    <span
      title={title}
      className={`inline-flex h-[18px] shrink-0 items-center gap-1 rounded border px-1.5 text-xs ${SOFT[tone]} ${dashed ? "border-dashed bg-transparent" : ""}`}
    >
      {Icon && <Icon size={11} className="shrink-0" />}
      <span className="max-w-64 truncate">{children}</span>
    </span>
  );
}

export function Kbd({ children }: { children: ReactNode }) {
  return (
    <kbd className="inline-flex h-[18px] min-w-[18px] items-center justify-center rounded border border-edge bg-panel px-1 text-xs text-muted">
      {children}
    </kbd>
  );
}
