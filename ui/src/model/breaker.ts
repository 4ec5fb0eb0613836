// Circuit breakers in words: how each stands, whether it needs a look, what a person can do about it.
import type { BreakerView } from "@/bridge";
import { duration, percent, plural } from "./format";

export type BreakerLook = "well" | "trying" | "open" | "forced";

const LOOKS: Record<string, { look: BreakerLook; word: string; says: string }> = {
  closed: { look: "well", word: "closed", says: "calls pass and are watched" },
  half_open: {
    look: "trying",
    word: "half-open",
    says: "a few calls try whether it is well again; others are kept off",
  },
  open: { look: "open", word: "open", says: "calls are kept off until the cooldown is over" },
  forced_open: { look: "open", word: "held open", says: "a person keeps calls off" },
  forced_closed: { look: "forced", word: "held closed", says: "a person lets calls pass, whatever it sees" },
};

export function breakerLook(state: string): { look: BreakerLook; word: string; says: string } {
  return LOOKS[state] ?? { look: "trying", word: state.replaceAll("_", " "), says: "" };
}

export const isForced = (state: string): boolean => state.startsWith("forced_");

/** Keeps calls off, by itself or by a person's hand. */
export const keepsOff = (breaker: Pick<BreakerView, "state">): boolean =>
  breakerLook(breaker.state).look !== "well" && breaker.state !== "forced_closed";

/** "31 % of 42 calls failed, 12 % slow, p99 8.20 s": what it saw within its window. */
export function figuresWords({ error_rate, slow_rate, p99_ms, samples }: BreakerView): string {
  if (samples === 0) return "no call within its window";
  return [
    `${percent(error_rate)} of ${plural(samples, "call")} failed`,
    slow_rate > 0 ? `${percent(slow_rate)} slow` : "",
    p99_ms === null ? "" : `p99 ${duration(p99_ms)}`,
  ]
    .filter((part) => part !== "")
    .join(", ");
}

/** Those that keep calls off first, then those that a person holds, then the others by name. */
export function troubledFirst(breakers: readonly BreakerView[]): BreakerView[] {
  const order = (one: BreakerView) => ["open", "trying", "forced", "well"].indexOf(breakerLook(one.state).look);
  return [...breakers].sort((a, b) => order(a) - order(b) || a.key.localeCompare(b.key));
}
