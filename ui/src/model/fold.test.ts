import { expect, test } from "vitest";
import type { Change } from "@/bridge";
import { fold, nothingTouched, Pace, staleKeys } from "./fold";

const change = (kind: Change["kind"], session: string | null = null, exchange: string | null = null): Change => ({
  kind,
  session,
  exchange,
});

test("a burst of changes to one session asks once", () => {
  const touched = nothingTouched();
  for (let i = 0; i < 100; i += 1) fold(touched, change("exchange", "ses_a", "exc_a"));
  const keys = staleKeys(touched).map((key) => key.join(" "));
  expect(keys).toContain("timeline ses_a");
  expect(keys).toContain("exchange exc_a");
  expect(new Set(keys).size).toBe(keys.length);
});

test("a session's change leaves other sessions and the policies alone", () => {
  const keys = staleKeys(fold(nothingTouched(), change("session", "ses_a"))).map((key) => key.join(" "));
  expect(keys).toContain("sessions head");
  expect(keys.some((key) => key.startsWith("policies") || key.includes("ses_b"))).toBe(false);
});

test("missed changes make everything stale", () => {
  expect(staleKeys(fold(nothingTouched(), change("everything")))).toEqual([[]]);
});

test("a key goes at once and then not again before its gap has passed", () => {
  const pace = new Pace(400);
  expect(pace.admit([["a"]], 0)).toEqual([["a"]]);
  expect(pace.admit([["a"]], 100)).toEqual([]);
  expect(pace.due(100)).toBe(300);
  expect(pace.admit([], 400)).toEqual([["a"]]);
  expect(pace.due(400)).toBeNull();
});

test("one busy key does not hold another back", () => {
  const pace = new Pace(400);
  pace.admit([["a"]], 0);
  expect(pace.admit([["a"], ["b"]], 10)).toEqual([["b"]]);
});

test("figures over everything go less often than rows", () => {
  const pace = new Pace(400);
  pace.admit([["metrics"], ["timeline", "ses_a"]], 0);
  expect(pace.admit([["metrics"], ["timeline", "ses_a"]], 500)).toEqual([["timeline", "ses_a"]]);
  expect(pace.admit([], 2000)).toEqual([["metrics"]]);
});
