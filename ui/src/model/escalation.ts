// Questions to a person: their order, their outcome in words, which are alike, and when answers look like rubber-stamping.
import type { EscalationFigures, EscalationState, EscalationView } from "@/bridge";

export function byDeadline(list: EscalationView[]): EscalationView[] {
  const at = (one: EscalationView) => Date.parse(one.expires_at);
  return list.toSorted((a, b) => at(a) - at(b) || Date.parse(a.opened_at) - Date.parse(b.opened_at));
}

const WORDS: Record<EscalationState, string> = {
  pending: "Waiting",
  approved: "Approved",
  edited: "Approved edited",
  denied: "Denied",
  expired: "Expired",
  orphaned: "Orphaned",
};

export const outcome = (one: Pick<EscalationView, "state">): string => WORDS[one.state];

/** Earlier questions of the same rule about the same tool, the latest decision first. */
export function alike(one: EscalationView, all: EscalationView[]): EscalationView[] {
  return all
    .filter((other) => other.id !== one.id && other.decided_at !== null)
    .filter((other) => other.rule === one.rule && other.policy === one.policy && other.tool === one.tool)
    .toSorted((a, b) => Date.parse(b.decided_at ?? "") - Date.parse(a.decided_at ?? ""));
}

const MANY = 5;
const HASTY_MS = 5_000;

/** Many answers, nearly all yes, each within seconds: nobody reads these. */
export function rubberStamped(figures: EscalationFigures): boolean {
  const answers = figures.approved + figures.edited + figures.denied;
  const { approval_rate: rate, median_ms: median } = figures;
  return answers >= MANY && rate !== null && rate >= 0.9 && median !== null && median < HASTY_MS;
}
