// What rules in shadow would have flipped, in words.
import type { FlipView } from "@/bridge";
import { plural } from "./format";

const WOULD: Record<FlipView["would"], string> = {
  blocked: "would have stopped",
  held: "would have held for a person",
  rerouted: "would have gone to another model:",
  changed: "would have changed",
  noted: "would have been marked, unchanged:",
};

/** "block would have stopped 12 calls in 3 sessions". */
export function flipWords({ would, times, sessions }: FlipView): string {
  return `${WOULD[would]} ${plural(times, "call")} in ${plural(sessions, "session")}`;
}

/** What changes traffic first; then by how often. */
export function gravestFirst(flips: readonly FlipView[]): FlipView[] {
  const order = (flip: FlipView) => ["blocked", "held", "rerouted", "changed", "noted"].indexOf(flip.would);
  return [...flips].sort((a, b) => order(a) - order(b) || b.times - a.times);
}

/** How many calls would have gone otherwise; marks and alerts leave them as they are. */
export function changedCalls(flips: readonly FlipView[]): number {
  return flips.filter((flip) => flip.would !== "noted").reduce((sum, flip) => sum + flip.times, 0);
}
