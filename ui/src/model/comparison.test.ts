import { expect, test } from "vitest";
import type { ComparedAnswer } from "@/bridge";
import { callsAsText, figuresOf } from "./comparison";

const side = (over: Partial<ComparedAnswer>): ComparedAnswer => ({
  session: "ses_1",
  exchange: "exc_1",
  step: 3,
  provider: "openai",
  model: "m",
  state: "complete",
  finish: "stop",
  error: null,
  text: "",
  calls: [],
  input_tokens: 100,
  cached_tokens: 0,
  output_tokens: 40,
  estimated: false,
  cost_usd: 0.02,
  first_token_ms: null,
  duration_ms: 2000,
  ...over,
});

test("figures say by how much the fork is more or less, where that says something", () => {
  const figures = figuresOf(side({}), side({ model: "n", output_tokens: 30, cost_usd: 0.04 }));
  const of = (name: string) => figures.find((figure) => figure.name === name);
  expect(of("Model")).toMatchObject({ before: "m", after: "n", change: null });
  expect(of("Tokens out")?.change).toBe("−25 %");
  expect(of("Cost")?.change).toBe("+100 %");
  expect(of("Tokens in")?.change).toBeNull();
  expect(of("First token")).toMatchObject({ before: "–", after: "–", change: null });
  expect(of("Error")).toBeUndefined();
});

test("calls are spread so that one changed argument is one changed line", () => {
  const text = callsAsText([{ name: "read", arguments: '{"path":"a","n":1}', blocked: false }]);
  expect(text).toBe('read\n{\n  "path": "a",\n  "n": 1\n}');
  expect(callsAsText([{ name: "rm", arguments: "{oops", blocked: true }])).toBe("rm (taken out)\n{oops");
});
