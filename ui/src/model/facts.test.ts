import { expect, test } from "vitest";
import type { FactsView } from "@/bridge";
import { factRows, sinceWords } from "./facts";

const run = {
  steps: 3,
  elapsed_ms: 1_000,
  tokens: 1_200,
  cost_usd: 0.5,
  tool_errors: 2,
  tool_errors_in_row: 2,
  errors: [],
};
const facts: FactsView = {
  live: true,
  at: "2026-01-01T00:00:00Z",
  under_way: true,
  exchange: null,
  run,
  session: { ...run, steps: 9, context_tokens: 900, context_used: 0.9, taints: [], tools_seen: [], risk: 1.25 },
  history: [],
};
const row = (name: string, given = facts, late = 0) => factRows(given, late).find((one) => one.name === name);

test("elapsed time goes on while something is under way, and only then", () => {
  expect(row("Elapsed", facts, 2_000)?.run).toBe("3.00 s");
  expect(row("Elapsed", { ...facts, under_way: false }, 2_000)?.run).toBe("1.00 s");
  expect(row("Elapsed", { ...facts, live: false }, 2_000)?.run).toBe("1.00 s");
});

test("what is worth a look is loud, what only the session has says nothing of the run", () => {
  expect(row("Steps")).toMatchObject({ run: "3", session: "9", loud: false });
  expect(row("… in a row")?.loud).toBe(true);
  expect(row("Context")).toMatchObject({ run: null, session: "90 %, 900 tokens", loud: true });
  expect(row("Risk")?.session).toBe("1.25");
});

test("what came since a firing is told in words", () => {
  const rule = {
    policy: "p",
    rule: "r",
    shadow: false,
    fires_in_session: 1,
    fires_in_run: 1,
    ms_since: 5,
    steps_since: 1,
    tokens_since: 40,
    tool_errors_since: 0,
    errored_next: false,
    repeated_next: false,
  };
  expect(sinceWords(rule)).toBe("1 step · 40 tokens · no tool error");
  expect(sinceWords({ ...rule, tool_errors_since: 2 })).toBe("1 step · 40 tokens · 2 tool errors");
  expect(sinceWords({ ...rule, errored_next: true, repeated_next: true })).toBe(
    "1 step · 40 tokens · no tool error · the next result was an error · the next call was one made before",
  );
});
