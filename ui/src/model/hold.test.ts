import { expect, test } from "vitest";
import type { HeldView } from "@/bridge";
import { causeWords, left, patience, waitingWords } from "./hold";

const held: HeldView = {
  exchange: "e",
  session: "s",
  point: "tool.call",
  cause: "breakpoint",
  cause_id: "bp1",
  cause_name: "tool.name == 'x'",
  since: "2026-01-01T00:00:00Z",
  call: null,
  response: null,
  client: "codex",
  patience_ms: 300_000,
  heartbeat: false,
  afterwards: "sends the request again",
};
const at = (seconds: number) => Date.parse(held.since) + seconds * 1000;

test("patience counts down from the moment of the hold, and its end is said", () => {
  expect(patience(held, at(60))).toEqual({ known: true, left: 240_000, share: 0.8 });
  expect(patience(held, at(400))).toEqual({ known: true, left: -100_000, share: 0 });
  expect(patience({ ...held, patience_ms: null }, at(0))).toEqual({ known: false });
});

test("time left is short and exact below an hour", () => {
  expect([left(0), left(800), left(59_000), left(61_500), left(540_000)]).toEqual([
    "over",
    "1 s",
    "59 s",
    "1:01",
    "9:00",
  ]);
});

test("the words name the cause, the client and what it does then", () => {
  expect(causeWords(held)).toBe("Breakpoint: tool.name == 'x'");
  expect(waitingWords(held)).toBe("codex: it hears nothing meanwhile; after its time it sends the request again");
});
