// What rules read of a session, as rows for a table. Pure; the clock is passed in.
import type { FactsView } from "@/bridge";
import { count, duration, money, percent } from "./format";

/** One fact of the run and of the session; null where only the other has it. */
export type FactRow = {
  name: string;
  /** The variable's last part, as conditions write it: `run.X` and `session.X`. */
  variable: string;
  run: string | null;
  session: string | null;
  /** Worth a look. */
  loud: boolean;
};

/** `late`: milliseconds since the facts were told, by which elapsed time went on. */
export function factRows(facts: FactsView, late: number): FactRow[] {
  const { run, session } = facts;
  const on = facts.live && facts.under_way ? Math.max(0, late) : 0;
  const both = (name: string, variable: string, of: (side: typeof run | typeof session) => string, loud = false) => ({
    name,
    variable,
    run: of(run),
    session: of(session),
    loud,
  });
  const full = session.context_used;
  return [
    both("Steps", "steps", (side) => count(side.steps)),
    both("Elapsed", "elapsed_ms", (side) => duration(side.elapsed_ms + on)),
    both("New tokens", "tokens", (side) => count(side.tokens)),
    both("Cost", "cost_usd", (side) => money(side.cost_usd)),
    both("Tool errors", "tool_errors", (side) => count(side.tool_errors), run.tool_errors > 0),
    both("… in a row", "tool_errors_in_row", (side) => count(side.tool_errors_in_row), run.tool_errors_in_row > 1),
    {
      name: "Context",
      variable: "context_used",
      run: null,
      session: full > 0 ? `${percent(full)}, ${count(session.context_tokens)} tokens` : count(session.context_tokens),
      loud: full >= 0.85,
    },
    { name: "Risk", variable: "risk", run: null, session: risk(session.risk), loud: session.risk > 0 },
  ];
}

export const risk = (value: number): string => String(Math.round(value * 100) / 100);

/** "4 steps, 1.2k tokens, 2 tool errors since": what came after a rule's last firing. */
export function sinceWords(rule: FactsView["history"][number]): string {
  const parts = [
    `${count(rule.steps_since)} ${rule.steps_since === 1 ? "step" : "steps"}`,
    `${count(rule.tokens_since)} tokens`,
    rule.tool_errors_since === 0
      ? "no tool error"
      : `${count(rule.tool_errors_since)} tool ${rule.tool_errors_since === 1 ? "error" : "errors"}`,
  ];
  if (rule.errored_next) {
    parts.push("the next result was an error");
  }
  if (rule.repeated_next) {
    parts.push("the next call was one made before");
  }
  return parts.join(" · ");
}
