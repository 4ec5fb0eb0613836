import { expect, test } from "vitest";
import type { InterventionView } from "@/bridge";
import { told, unread } from "./alerts";

const act = (summary: string, more: Partial<InterventionView> = {}): InterventionView => ({
  id: "i",
  session: "s",
  exchange: "e",
  at: "2026-01-01T00:00:05Z",
  cause: "rule",
  rule: "r",
  policy: "p",
  version: "v",
  action: "alert",
  mode: "enforce",
  summary,
  before: "",
  after: "it (desktop): happened",
  effect: { tokens: 0, usd: 0, ms: 0, basis: "measured" },
  ...more,
});

test("an alert says whom it told and what", () => {
  expect(told(act("Alerted desk (desktop): it (desktop): happened"))).toMatchObject({
    alert: "desk",
    kind: "desktop",
    text: "it (desktop): happened",
  });
  expect(told(act("Would have: Alerted desk (desktop): x", { mode: "shadow" }))).toBeNull();
  expect(told(act("Could not alert: no such alert"))).toBeNull();
});

test("only what came since and was not put away is unread, and only what this desktop was told", () => {
  const one = told(act("Alerted desk (desktop): x"));
  const pager = told(act("Alerted pager (webhook): x"));
  if (!one || !pager) throw new Error("both are alerts");
  const before = Date.parse(one.at) - 1;
  expect(unread([one, pager], before, new Set())).toEqual([one]);
  expect(unread([one], before, new Set(["i"]))).toEqual([]);
  expect(unread([one], Date.parse(one.at), new Set())).toEqual([]);
});
