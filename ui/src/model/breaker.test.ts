import { expect, test } from "vitest";
import type { BreakerView } from "@/bridge";
import { breakerLook, figuresWords, keepsOff, troubledFirst } from "./breaker";

const breaker = (state: string, key = "openai", more: Partial<BreakerView> = {}): BreakerView => ({
  policy: "p",
  name: "n",
  per: "provider",
  key,
  state,
  since: null,
  samples: 0,
  error_rate: 0,
  slow_rate: 0,
  p99_ms: null,
  ...more,
});

test("what keeps calls off is told from what lets them pass", () => {
  const states = ["closed", "half_open", "open", "forced_open", "forced_closed"];
  expect(states.filter((state) => keepsOff(breaker(state)))).toEqual(["half_open", "open", "forced_open"]);
  expect(breakerLook("forced_open").word).toBe("held open");
});

test("figures are told as far as there are any", () => {
  expect(figuresWords(breaker("closed"))).toBe("no call within its window");
  expect(figuresWords(breaker("open", "a", { samples: 1, error_rate: 1 }))).toBe("100 % of 1 call failed");
  const slow = breaker("open", "a", { samples: 120, error_rate: 0.025, slow_rate: 0.5, p99_ms: 8_200 });
  expect(figuresWords(slow)).toBe("3 % of 120 calls failed, 50 % slow, p99 8.20 s");
});

test("the troubled come first, then by name", () => {
  const all = [breaker("closed", "b"), breaker("forced_closed", "c"), breaker("closed", "a"), breaker("open", "z")];
  expect(troubledFirst(all).map((one) => one.key)).toEqual(["z", "c", "a", "b"]);
});
