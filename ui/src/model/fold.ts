// Folds a burst of changes into the fewest questions to ask again. Pure: the caller owns the frame and the clock.
import type { Change } from "@/bridge";

/** What a burst touched. */
export type Touched = {
  sessions: Set<string>;
  exchanges: Set<string>;
  lists: Set<"sessions" | "interventions" | "escalations" | "policies" | "health" | "alerts">;
  /** Changes were missed: nothing that is known may still hold. */
  everything: boolean;
};

export function nothingTouched(): Touched {
  return { sessions: new Set(), exchanges: new Set(), lists: new Set(), everything: false };
}

export function fold(touched: Touched, change: Change): Touched {
  if (change.session) touched.sessions.add(change.session);
  if (change.exchange) touched.exchanges.add(change.exchange);
  switch (change.kind) {
    case "session":
    case "exchange":
      touched.lists.add("sessions");
      break;
    case "intervention":
      touched.lists.add("sessions").add("interventions");
      break;
    case "escalation":
      touched.lists.add("sessions").add("interventions").add("escalations");
      break;
    case "alert":
      touched.lists.add("alerts");
      break;
    case "policy":
      touched.lists.add("policies").add("health");
      break;
    case "health":
      touched.lists.add("health");
      break;
    case "everything":
      touched.everything = true;
      break;
  }
  return touched;
}

/** The beginnings of the query keys that no longer hold. `bridge/queries.ts` spells the keys. */
export function staleKeys(touched: Touched): string[][] {
  if (touched.everything) return [[]];
  const keys: string[][] = [];
  // Health tells breakers and budgets too, which any call may move.
  if (touched.lists.has("sessions")) keys.push(["sessions", "head"], ["metrics"], ["health"]);
  if (touched.lists.has("interventions")) keys.push(["interventions", "all"]);
  if (touched.lists.has("escalations")) keys.push(["escalations"]);
  // An alert goes out at once; the intervention that says what it told may be recorded after it.
  if (touched.lists.has("alerts") || touched.lists.has("interventions")) keys.push(["alerts"]);
  if (touched.lists.has("policies")) keys.push(["policies"]);
  if (touched.lists.has("health") && !touched.lists.has("sessions")) keys.push(["health"]);
  for (const session of touched.sessions) {
    keys.push(["session", session], ["timeline", session], ["strip", session], ["cycles", session]);
    if (touched.lists.has("interventions")) keys.push(["interventions", session]);
  }
  for (const exchange of touched.exchanges) keys.push(["exchange", exchange], ["frames", exchange]);
  return keys;
}

/** Figures over everything, or over a whole session, cost more than a window of rows and need not be as quick. */
const SLOW: Record<string, number> = { metrics: 5, health: 3, strip: 2, cycles: 6 };

/** Lets each key through at once, then at most once per `gap` ms (slow ones: a multiple); what was kept back is due later. */
export class Pace {
  private readonly last = new Map<string, number>();
  private readonly waiting = new Map<string, string[]>();

  constructor(private readonly gap: number) {}

  /** Those of `keys` and of the ones kept back that may go at `now`. */
  admit(keys: string[][], now: number): string[][] {
    for (const key of keys) this.waiting.set(key.join("\u0000"), key);
    const out: string[][] = [];
    for (const [name, key] of this.waiting) {
      const before = this.last.get(name);
      if (before !== undefined && now - before < this.gapOf(key)) continue;
      this.last.set(name, now);
      this.waiting.delete(name);
      out.push(key);
    }
    if (this.last.size > 512) for (const [name, at] of this.last) if (now - at >= this.gap * 8) this.last.delete(name);
    return out;
  }

  private gapOf(key: string[]): number {
    return this.gap * (SLOW[key[0] ?? ""] ?? 1);
  }

  /** When to ask again, as a delay from `now`; null when nothing waits. */
  due(now: number): number | null {
    let soonest: number | null = null;
    for (const [name, key] of this.waiting) {
      const wait = Math.max(0, (this.last.get(name) ?? now) + this.gapOf(key) - now);
      if (soonest === null || wait < soonest) soonest = wait;
    }
    return soonest;
  }
}
