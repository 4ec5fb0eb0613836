// A step's evaluations and interventions, put together: which verdict made which intervention, what was tried before it.
import type { InterventionView, VerdictView } from "@/bridge";
import { came } from "./act";
import { count, plural } from "./format";

/** What was done, the verdict behind it, and actions of the same verdict that were tried before it and did not apply. */
export type Done = { act: InterventionView; verdict: VerdictView | undefined; tried: InterventionView[] };

/** `acts` in their order. Tries that nothing followed stand for themselves. */
export function together(acts: readonly InterventionView[], verdicts: readonly VerdictView[]): Done[] {
  const done: Done[] = [];
  let tried: InterventionView[] = [];
  for (const [place, act] of acts.entries()) {
    const next = acts[place + 1];
    if (came(act) === "not applied" && next !== undefined && isSameRule(act, next)) {
      tried.push(act);
      continue;
    }
    done.push({ act, verdict: behind(act, verdicts), tried });
    tried = [];
  }
  return done;
}

function isSameRule(a: InterventionView, b: InterventionView): boolean {
  return a.rule !== null && a.rule === b.rule && a.policy === b.policy && a.mode === b.mode;
}

/** The latest match of its rule at or before it; a person's act has none. */
function behind(act: InterventionView, verdicts: readonly VerdictView[]): VerdictView | undefined {
  const own = verdicts.filter((one) => one.matched && one.rule === act.rule && one.policy === act.policy);
  const at = Date.parse(act.at);
  return own.findLast((one) => Date.parse(one.at) <= at) ?? own[0];
}

/** Matched first, then those that failed, then the rest; each group in the order of its moments. */
export function byTruth(verdicts: readonly VerdictView[]): { told: VerdictView[]; rest: VerdictView[] } {
  const matched = verdicts.filter((one) => one.matched);
  const failed = verdicts.filter((one) => !one.matched && one.error !== null);
  return { told: [...matched, ...failed], rest: verdicts.filter((one) => !one.matched && one.error === null) };
}

/** "5 rules evaluated 9 times at 3 points, 312 µs in all; 2 matched": what the list below adds up to. */
export function sumWords(verdicts: readonly VerdictView[]): string {
  const rules = new Set(verdicts.map((one) => `${one.policy}/${one.rule}`)).size;
  const points = new Set(verdicts.map((one) => one.point)).size;
  const live = verdicts.filter((one) => !one.recomputed);
  const micros = live.reduce((sum, one) => sum + one.micros, 0);
  const matched = verdicts.filter((one) => one.matched).length;
  const failed = verdicts.filter((one) => one.error !== null).length;
  return [
    `${plural(rules, "rule")} evaluated ${plural(verdicts.length, "time")} at ${plural(points, "point")}`,
    `${count(matched)} matched`,
    ...(failed > 0 ? [`${count(failed)} failed`] : []),
    ...(live.length > 0 ? [`those took ${count(micros)} µs`] : []),
  ].join(" · ");
}
