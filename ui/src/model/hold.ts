// A hold in words: what waits, why, and how long its client will.
import type { HeldView, HoldCause } from "@/bridge";
import { duration } from "./format";

export type Point = "model.request" | "tool.call" | "model.response";

const POINTS: Record<string, string> = {
  "model.request": "before the model call",
  "tool.call": "at a tool call, before the agent gets it",
  "model.response": "with the whole answer, before the agent gets it",
};

export const pointWords = (point: string): string => POINTS[point] ?? `at ${point}`;

const CAUSES: Record<HoldCause, string> = {
  paused: "The session is paused",
  breakpoint: "Breakpoint",
  escalation: "A rule asks a person",
};

export function causeWords(held: Pick<HeldView, "cause" | "cause_name">): string {
  const name = held.cause_name === null ? "" : `: ${held.cause_name}`;
  return `${CAUSES[held.cause]}${name}`;
}

export type Patience =
  | { known: false }
  /** `left` may be negative: its time is over. */
  | { known: true; left: number; share: number };

export function patience(held: Pick<HeldView, "patience_ms" | "since">, now: number): Patience {
  if (held.patience_ms === null) return { known: false };
  const left = Date.parse(held.since) + held.patience_ms - now;
  return { known: true, left, share: Math.max(0, Math.min(1, left / Math.max(1, held.patience_ms))) };
}

/** What the client hears meanwhile, and does when its patience ends. */
export function waitingWords(held: HeldView): string {
  const who = held.client ?? "an unrecognised client";
  const hears = held.heartbeat ? "it hears a sign of life every ten seconds" : "it hears nothing meanwhile";
  const when = held.patience_ms === null ? "should it give up, it" : "after its time it";
  const then = held.afterwards === "" ? "" : `; ${when} ${held.afterwards}`;
  return `${who}: ${hears}${then}`;
}

/** Time left until a deadline. */
export function left(ms: number): string {
  if (ms <= 0) return "over";
  if (ms < 60_000) return `${Math.ceil(ms / 1000)} s`;
  if (ms < 3_600_000) {
    const seconds = Math.floor(ms / 1000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
  return duration(ms);
}
