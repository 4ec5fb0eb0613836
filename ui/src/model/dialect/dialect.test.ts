import { expect, test } from "vitest";
import { readAnswer, readRequest } from ".";

const sse = (...events: object[]) => events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
const call = { kind: "call", id: "c1", name: "ls", arguments: '{"a":1}' };

test("a chat stream's pieces become text and calls", () => {
  const body = `${sse(
    { choices: [{ delta: { role: "assistant", content: "Hel" } }] },
    {
      choices: [
        { delta: { content: "lo", tool_calls: [{ index: 0, id: "c1", function: { name: "ls", arguments: '{"a"' } }] } },
      ],
    },
    {
      choices: [{ delta: { tool_calls: [{ index: 0, function: { arguments: ":1}" } }] }, finish_reason: "tool_calls" }],
    },
    { choices: [], usage: {} },
  )}data: [DONE]\n\n`;
  const answer = readAnswer("openai-chat", body);
  expect(answer?.turn.parts).toEqual([{ kind: "text", text: "Hello" }, call]);
  expect(answer?.finish).toBe("tool_calls");
});

test("an Anthropic stream's blocks keep their order, thinking included", () => {
  const body = sse(
    { type: "message_start", message: {} },
    { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "hm" } },
    { type: "content_block_start", index: 1, content_block: { type: "tool_use", id: "c1", name: "ls", input: {} } },
    { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: '{"a":1}' } },
    { type: "message_delta", delta: { stop_reason: "tool_use" } },
  );
  const answer = readAnswer("anthropic", body);
  expect(answer?.turn.parts).toEqual([{ kind: "reasoning", text: "hm", sealed: false }, call]);
  expect(answer?.finish).toBe("tool_use");
});

test("a Responses stream is read from its last event, or from what came before a cut", () => {
  const item = { type: "function_call", call_id: "c1", name: "ls", arguments: '{"a":1}' };
  const whole = sse({ type: "response.completed", response: { status: "completed", output: [item] } });
  expect(readAnswer("openai-responses", whole)?.turn.parts).toEqual([call]);
  const cut = sse(
    { type: "response.output_text.delta", delta: "par" },
    { type: "response.output_text.delta", delta: "tial" },
  );
  expect(readAnswer("openai-responses", cut)?.turn.parts).toEqual([{ kind: "text", text: "partial" }]);
});

test("Gemini's and Ollama's streams are joined too", () => {
  const chunk = (text: string) => ({ candidates: [{ content: { parts: [{ text }] } }] });
  expect(readAnswer("gemini", sse(chunk("a"), chunk("b")))?.turn.parts).toEqual([{ kind: "text", text: "ab" }]);
  const lines = '{"message":{"content":"a"},"done":false}\n{"message":{"content":"b"},"done":true}\n';
  expect(readAnswer("ollama", lines)).toMatchObject({ turn: { parts: [{ text: "ab" }] }, finish: "stop" });
});

test("answers that follow each other in one exchange are not mixed", () => {
  const one = (id: string, from: string) => [
    { choices: [{ delta: { tool_calls: [{ index: 0, id, function: { name: "ls", arguments: "{" } }] } }] },
    { choices: [{ delta: { tool_calls: [{ index: 0, function: { arguments: `"a":"${from}"}` } }] } }] },
    { choices: [{ delta: {}, finish_reason: "tool_calls" }] },
    { choices: [], usage: {} },
  ];
  const chat = readAnswer("openai-chat", sse(...one("c1", "x"), ...one("c2", "y")));
  expect(chat?.turn.parts).toMatchObject([
    { id: "c1", arguments: '{"a":"x"}' },
    { id: "c2", arguments: '{"a":"y"}' },
  ]);
  const block = (text: string) => [
    { type: "message_start", message: {} },
    { type: "content_block_start", index: 0, content_block: { type: "text", text } },
    { type: "message_delta", delta: { stop_reason: "end_turn" } },
  ];
  const anthropic = readAnswer("anthropic", sse(...block("a"), ...block("b")));
  expect(anthropic?.turn.parts).toMatchObject([{ text: "a" }, { text: "b" }]);
});

test("an error in place of an answer is found", () => {
  expect(readAnswer("anthropic", '{"type":"error","error":{"message":"Overloaded"}}')?.error).toBe("Overloaded");
});

test("each dialect's request gives its messages, tools and parameters", () => {
  const anthropic = readRequest(
    "anthropic",
    JSON.stringify({
      model: "m",
      system: "S",
      tools: [{ name: "ls", description: "d", input_schema: {} }],
      messages: [
        { role: "user", content: "hi" },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "c1", content: [{ type: "text", text: "no" }], is_error: true },
          ],
        },
      ],
    }),
  );
  expect(anthropic?.turns.map((turn) => turn.role)).toEqual(["system", "user", "tool"]);
  expect(anthropic?.turns[2]?.parts).toEqual([{ kind: "result", id: "c1", name: null, text: "no", failed: true }]);
  expect(anthropic?.tools.map((tool) => tool.name)).toEqual(["ls"]);
  expect(anthropic?.parameters).toEqual([["model", "m"]]);

  const responses = readRequest("openai-responses", JSON.stringify({ instructions: "S", input: "hi" }));
  expect(responses?.turns.map((turn) => turn.role)).toEqual(["system", "user"]);
  const gemini = readRequest(
    "gemini",
    JSON.stringify({
      contents: [{ role: "model", parts: [{ functionCall: { id: "c1", name: "ls", args: { a: 1 } } }] }],
    }),
  );
  expect(gemini?.turns[0]).toEqual({ role: "assistant", parts: [call] });
  const ollama = readRequest("ollama", JSON.stringify({ prompt: "hi" }));
  expect(ollama?.turns).toEqual([{ role: "user", parts: [{ kind: "text", text: "hi" }] }]);
});

test("an unknown part is kept as JSON and a body that is no object is refused", () => {
  const odd = readRequest(
    "anthropic",
    JSON.stringify({ messages: [{ role: "user", content: [{ type: "new_thing", x: 1 }] }] }),
  );
  expect(odd?.turns[0]?.parts[0]).toMatchObject({ kind: "other", name: "new_thing" });
  expect(readRequest("anthropic", "[1]")).toBeNull();
  expect(readRequest("anthropic", "not json")).toBeNull();
});
