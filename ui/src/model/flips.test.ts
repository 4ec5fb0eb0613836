import { expect, test } from "vitest";
import type { FlipView } from "@/bridge";
import { changedCalls, flipWords, gravestFirst } from "./flips";

const flip = (would: FlipView["would"], times: number): FlipView => ({
  policy: "p",
  rule: "r",
  action: "a",
  would,
  times,
  sessions: 1,
  first: [],
});

test("a flip says what would have become of how many calls", () => {
  expect(flipWords({ ...flip("blocked", 12), sessions: 3 })).toBe("would have stopped 12 calls in 3 sessions");
  expect(flipWords(flip("rerouted", 1))).toBe("would have gone to another model: 1 call in 1 session");
});

test("what stops calls comes first, and marks change none", () => {
  const all = [flip("noted", 90), flip("changed", 5), flip("blocked", 2)];
  expect(gravestFirst(all).map((one) => one.would)).toEqual(["blocked", "changed", "noted"]);
  expect(changedCalls(all)).toBe(7);
});
