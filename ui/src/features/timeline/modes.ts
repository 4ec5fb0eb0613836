// The ways to look at a session's rows.
import { ChartGantt, ListTree, Rows3 } from "lucide-react";

export const MODES = ["transcript", "steps", "waterfall"] as const;
export type Mode = (typeof MODES)[number];

export const MODE_LOOK: Record<Mode, { icon: typeof ListTree; word: string; says: string }> = {
  transcript: { icon: ListTree, word: "Transcript", says: "what was said" },
  steps: { icon: Rows3, word: "Steps", says: "the same rows by their figures" },
  waterfall: { icon: ChartGantt, word: "Waterfall", says: "when each began and how long it took" },
};

export const nextMode = (mode: Mode): Mode => MODES[(MODES.indexOf(mode) + 1) % MODES.length] ?? "transcript";
