import { expect, test } from "vitest";
import type { InterventionView, VerdictView } from "@/bridge";
import { byTruth, sumWords, together } from "./verdicts";

const act = (id: string, summary: string, more: Partial<InterventionView> = {}): InterventionView => ({
  id,
  session: "s",
  exchange: "e",
  at: "2026-01-01T00:00:05Z",
  cause: "rule",
  rule: "r",
  policy: "p",
  version: "v",
  action: "block",
  mode: "enforce",
  summary,
  before: "",
  after: "",
  effect: { tokens: 0, usd: 0, ms: 0, basis: "measured" },
  ...more,
});
const verdict = (at: string, more: Partial<VerdictView> = {}): VerdictView => ({
  at: `2026-01-01T00:00:0${at}Z`,
  point: "tool.call",
  rule: "r",
  policy: "p",
  version: "v",
  mode: "enforce",
  matched: true,
  micros: 10,
  recomputed: false,
  values: {},
  error: null,
  ...more,
});

test("what was tried in vain stands before what applied, and alone where nothing did", () => {
  const tries = [act("1", "Could not reroute: no tier"), act("2", "Refused the call")];
  expect(together(tries, []).map(({ act: { id }, tried }) => [id, tried.map((one) => one.id)])).toEqual([["2", ["1"]]]);
  const alone = [act("1", "Could not reroute: no tier"), act("2", "Tainted", { rule: "other" })];
  expect(together(alone, []).map(({ act: { id }, tried }) => [id, tried.length])).toEqual([
    ["1", 0],
    ["2", 0],
  ]);
});

test("an act goes with the match just before it", () => {
  const verdicts = [
    verdict("3", { values: { n: 1 } }),
    verdict("4", { values: { n: 2 } }),
    verdict("9", { values: { n: 3 } }),
  ];
  expect(together([act("1", "Blocked")], verdicts)[0]?.verdict?.values).toEqual({ n: 2 });
});

test("matches come first, then failures; the sum is told", () => {
  const all = [
    verdict("1", { matched: false, rule: "a", recomputed: true }),
    verdict("2", { matched: false, rule: "b", error: "no such key" }),
    verdict("3"),
  ];
  expect(byTruth(all).told.map((one) => one.rule)).toEqual(["r", "b"]);
  expect(byTruth(all).rest.map((one) => one.rule)).toEqual(["a"]);
  expect(sumWords(all)).toBe("3 rules evaluated 3 times at 1 point · 1 matched · 1 failed · those took 20 µs");
});
