import { expect, test } from "vitest";
import { compose, KINDS, samplePlaces, share } from "./composition";
import { readRequest } from "./dialect";

test("a request is split into instructions, tools, history and results in each dialect", () => {
  const tools = [{ name: "f", description: "dd", input_schema: {} }];
  const anthropic = readRequest(
    "anthropic",
    JSON.stringify({
      system: "12345",
      tools,
      messages: [
        { role: "user", content: "hello" },
        { role: "assistant", content: [{ type: "tool_use", id: "a", name: "f", input: {} }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "a", content: "1234567890" }] },
      ],
    }),
  );
  const chat = readRequest(
    "openai",
    JSON.stringify({
      messages: [
        { role: "system", content: "12345" },
        { role: "user", content: "hello" },
        { role: "tool", tool_call_id: "a", content: "1234567890" },
      ],
    }),
  );
  if (!anthropic || !chat) throw new Error("not read");
  expect(compose(anthropic)).toMatchObject({ system: 5, results: 10 });
  expect(compose(anthropic).history).toBeGreaterThanOrEqual(5);
  expect(compose(anthropic).tools).toBeGreaterThanOrEqual(3);
  expect(compose(chat)).toEqual({ system: 5, tools: 0, history: 5, results: 10 });
});

test("shares are whole and add up to the tokens that were counted", () => {
  const shared = share({ system: 1, tools: 1, history: 1, results: 4 }, 100);
  expect(KINDS.reduce((sum, kind) => sum + shared[kind], 0)).toBe(100);
  expect(shared.results).toBe(57);
  expect(share({ system: 0, tools: 0, history: 0, results: 0 }, 7).history).toBe(7);
});

test("the places looked at stay few, stay the same as a session grows, and end with the last row", () => {
  expect(samplePlaces(0, 20)).toEqual([]);
  expect(samplePlaces(1, 20)).toEqual([0]);
  const before = samplePlaces(1000, 20);
  const after = samplePlaces(1020, 20);
  expect(before.length).toBeLessThanOrEqual(22);
  expect(after.slice(0, before.length - 1)).toEqual(before.slice(0, -1));
  expect(after.at(-1)).toBe(1019);
  expect(samplePlaces(100_000, 20).length).toBeLessThanOrEqual(22);
});
