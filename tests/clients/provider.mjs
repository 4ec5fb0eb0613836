// A scripted provider for real clients: four wires, streamed and not. It says nothing of its own: a request with tools gets the calls that
// the script makes of it, or the final text; one without tools a title.
import { createServer } from "node:http";

export const FINAL = "FINAL-ANSWER: the file says hello.";

/**
 * Starts it; `script(names, said, results)` says, or promises, what comes: calls `[{name, arguments}]`, `{ text }`, or null for the final text. With `input` on it, so
 * many input tokens are claimed, below 1 as a share of the model's window.
 */
export async function startProvider(script) {
  const received = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk)).on("end", () => {
      const text = Buffer.concat(chunks).toString();
      const body = text.startsWith("{") ? JSON.parse(text) : undefined;
      received.push({ method: request.method, url: request.url, headers: request.headers, body });
      answer(request, response, body, script, text);
    });
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { base: `http://127.0.0.1:${server.address().port}`, received, stop: () => server.close() };
}

let number = 0;
const id = (prefix) => `${prefix}_scripted_${++number}`;

async function answer(request, response, body, script, said) {
  const path = request.url.split("?")[0];
  const send = (status, value) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(value));
  };
  if (request.method !== "POST" || !body) return send(200, { data: [], object: "list" });
  if (path.endsWith("/count_tokens")) return send(200, { input_tokens: 42 });
  const wire = Object.values(wires).find(({ suffix }) => suffix.test(path));
  if (!wire) return send(404, { error: { message: `nothing is scripted for ${path}` } });
  const names = wire.tools(body);
  const made = names.length ? await script(names, said, wire.results(body)) : null;
  const turn = Array.isArray(made) ? { calls: made, input: made.input } : (made ?? { text: names.length ? FINAL : aside(said) });
  turn.input = turn.input && tokens(turn.input, body.model);
  const streamed = wire.streamed(body, request.url);
  if (!streamed) return send(200, wire.whole(turn, body));
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  const frames = [...wire.stream(turn, body)];
  if (said.includes("This run: broken")) {
    // Half of them, then nothing but a closed connection.
    return response.write(frames.slice(0, Math.ceil(frames.length / 2)).join(""), () => response.destroy());
  }
  for (const frame of frames) response.write(frame);
  response.end();
}

/** What it says where no tools are offered: to be summarised, or for a title. */
const aside = (said) => (said.includes("You condense the earlier part of a conversation") ? "SUMMARY-OF-EARLIER-TURNS: hello.txt was read." : "A short title");

const WINDOWS = [[/^claude/, 200_000], [/^gpt-5/, 400_000]];
const tokens = (input, model) => (input > 1 ? input : Math.round(input * (WINDOWS.find(([name]) => name.test(model))?.[1] ?? 128_000)));

const sse = (event, data) => `${event ? `event: ${event}\n` : ""}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
const json = (value) => JSON.stringify(value);
const withIds = (turn, prefix) => (turn.calls ?? []).map((call) => ({ ...call, id: id(prefix) }));

const anthropic = {
  suffix: /\/messages$/,
  tools: (body) => (body.tools ?? []).map((tool) => tool.name),
  results: (body) => body.messages.flatMap((message) => message.content).filter((block) => block.type === "tool_result").length,
  streamed: (body) => body.stream === true,
  blocks: (turn) => [
    ...(turn.text ? [{ type: "text", text: turn.text }] : []),
    ...withIds(turn, "toolu").map((call) => ({ type: "tool_use", id: call.id, name: call.name, input: call.arguments })),
  ],
  usage: { input_tokens: 120, cache_creation_input_tokens: 0, cache_read_input_tokens: 64, output_tokens: 17 },
  head(body, content, turn) {
    const usage = turn.input ? { ...this.usage, input_tokens: turn.input - this.usage.cache_read_input_tokens } : this.usage;
    return { id: id("msg"), type: "message", role: "assistant", model: body.model, content, stop_reason: null, stop_sequence: null, usage };
  },
  stop: (turn) => (turn.calls ? "tool_use" : "end_turn"),
  whole(turn, body) {
    return { ...this.head(body, this.blocks(turn), turn), stop_reason: this.stop(turn) };
  },
  *stream(turn, body) {
    yield sse("message_start", { type: "message_start", message: this.head(body, [], turn) });
    for (const [index, block] of this.blocks(turn).entries()) {
      const start = block.type === "text" ? { type: "text", text: "" } : { ...block, input: {} };
      yield sse("content_block_start", { type: "content_block_start", index, content_block: start });
      const text = block.type === "text" ? block.text : json(block.input);
      for (const piece of text.match(/[^]{1,12}/g) ?? []) {
        const delta = block.type === "text" ? { type: "text_delta", text: piece } : { type: "input_json_delta", partial_json: piece };
        yield sse("content_block_delta", { type: "content_block_delta", index, delta });
      }
      yield sse("content_block_stop", { type: "content_block_stop", index });
    }
    yield sse("message_delta", { type: "message_delta", delta: { stop_reason: this.stop(turn), stop_sequence: null }, usage: { output_tokens: 17 } });
    yield sse("message_stop", { type: "message_stop" });
  },
};

const responses = {
  suffix: /\/responses$/,
  tools: (body) => (body.tools ?? []).map((tool) => tool.name ?? tool.type),
  results: (body) => [body.input].flat().filter((item) => item.type === "function_call_output").length,
  streamed: (body) => body.stream === true,
  items: (turn) => [
    ...(turn.text
      ? [{ id: id("msg"), type: "message", status: "completed", role: "assistant", content: [{ type: "output_text", text: turn.text, annotations: [], logprobs: [] }] }]
      : []),
    ...withIds(turn, "call").map((call) => ({ id: id("fc"), type: "function_call", status: "completed", call_id: call.id, name: call.name, arguments: json(call.arguments) })),
  ],
  response: (body, status, output, input = 120) => ({
    id: "resp_pending", object: "response", created_at: 1795384081, status, background: false, error: null, incomplete_details: null,
    instructions: null, max_output_tokens: null, model: body.model, output, parallel_tool_calls: true, previous_response_id: null,
    reasoning: { effort: null, summary: null }, store: false, temperature: 1, text: { format: { type: "text" } }, tool_choice: "auto", tools: [],
    top_p: 1, truncation: "disabled", user: null, metadata: {},
    usage: status === "completed"
      ? { input_tokens: input, input_tokens_details: { cached_tokens: 64 }, output_tokens: 17, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: input + 17 }
      : null,
  }),
  whole(turn, body) {
    return { ...this.response(body, "completed", this.items(turn), turn.input), id: id("resp") };
  },
  *stream(turn, body) {
    const own = id("resp");
    let sequence = 0;
    const event = (type, fields) => sse(type, { type, sequence_number: sequence++, ...fields });
    const items = this.items(turn);
    yield event("response.created", { response: { ...this.response(body, "in_progress", []), id: own } });
    for (const [output_index, item] of items.entries()) {
      const at = { item_id: item.id, output_index };
      if (item.type === "message") {
        const part = item.content[0];
        yield event("response.output_item.added", { output_index, item: { ...item, status: "in_progress", content: [] } });
        yield event("response.content_part.added", { ...at, content_index: 0, part: { ...part, text: "" } });
        for (const delta of part.text.match(/[^]{1,12}/g)) yield event("response.output_text.delta", { ...at, content_index: 0, delta, logprobs: [] });
        yield event("response.output_text.done", { ...at, content_index: 0, text: part.text, logprobs: [] });
        yield event("response.content_part.done", { ...at, content_index: 0, part });
      } else {
        yield event("response.output_item.added", { output_index, item: { ...item, status: "in_progress", arguments: "" } });
        for (const delta of item.arguments.match(/[^]{1,12}/g)) yield event("response.function_call_arguments.delta", { ...at, delta });
        yield event("response.function_call_arguments.done", { ...at, name: item.name, arguments: item.arguments });
      }
      yield event("response.output_item.done", { output_index, item });
    }
    yield event("response.completed", { response: { ...this.response(body, "completed", items, turn.input), id: own } });
  },
};

const chat = {
  suffix: /\/chat\/completions$/,
  tools: (body) => (body.tools ?? []).map((tool) => tool.function?.name).filter(Boolean),
  results: (body) => body.messages.filter((message) => message.role === "tool").length,
  streamed: (body) => body.stream === true,
  usage: ({ input = 120 }) => ({ prompt_tokens: input, completion_tokens: 17, total_tokens: input + 17, prompt_tokens_details: { cached_tokens: 64 } }),
  calls: (turn) => withIds(turn, "call").map((call, index) => ({ index, id: call.id, type: "function", function: { name: call.name, arguments: json(call.arguments) } })),
  reason: (turn) => (turn.calls ? "tool_calls" : "stop"),
  whole(turn, body) {
    const calls = this.calls(turn).map(({ index: _, ...call }) => call);
    const message = { role: "assistant", content: turn.text ?? null, refusal: null, ...(calls.length ? { tool_calls: calls } : {}) };
    return { id: id("chatcmpl"), object: "chat.completion", created: 1795384081, model: body.model, choices: [{ index: 0, message, logprobs: null, finish_reason: this.reason(turn) }], usage: this.usage(turn) };
  },
  *stream(turn, body) {
    const own = id("chatcmpl");
    const chunk = (delta, finish_reason = null) =>
      sse("", { id: own, object: "chat.completion.chunk", created: 1795384081, model: body.model, choices: [{ index: 0, delta, logprobs: null, finish_reason }] });
    yield chunk({ role: "assistant", content: turn.text ? "" : null });
    for (const content of turn.text?.match(/[^]{1,12}/g) ?? []) yield chunk({ content });
    for (const call of this.calls(turn)) {
      yield chunk({ tool_calls: [{ ...call, function: { name: call.function.name, arguments: "" } }] });
      for (const piece of call.function.arguments.match(/[^]{1,12}/g)) yield chunk({ tool_calls: [{ index: call.index, function: { arguments: piece } }] });
    }
    yield chunk({}, this.reason(turn));
    if (body.stream_options?.include_usage) yield sse("", { id: own, object: "chat.completion.chunk", created: 1795384081, model: body.model, choices: [], usage: this.usage(turn) });
    yield sse("", "[DONE]");
  },
};

const gemini = {
  suffix: /:(streamG|g)enerateContent$/,
  tools: (body) => (body.tools ?? []).flatMap((tool) => tool.functionDeclarations ?? []).map((tool) => tool.name),
  results: (body) => body.contents.flatMap((content) => content.parts ?? []).filter((part) => part.functionResponse).length,
  streamed: (_, url) => url.includes(":streamGenerateContent"),
  chunk: (parts, body, last) => ({
    candidates: [{ content: { parts, role: "model" }, index: 0, ...(last ? { finishReason: "STOP" } : {}) }],
    usageMetadata: { promptTokenCount: 120, candidatesTokenCount: 17, totalTokenCount: 137, cachedContentTokenCount: 64 },
    modelVersion: "gemini-2.5-flash", responseId: "scripted",
  }),
  parts: (turn) => [...(turn.text ? [{ text: turn.text }] : []), ...(turn.calls ?? []).map((call) => ({ functionCall: { name: call.name, args: call.arguments } }))],
  whole(turn, body) {
    return this.chunk(this.parts(turn), body, true);
  },
  *stream(turn, body) {
    const parts = this.parts(turn);
    for (const [place, part] of parts.entries()) yield sse("", this.chunk([part], body, place === parts.length - 1));
  },
};

export const wires = { anthropic, responses, chat, gemini };
