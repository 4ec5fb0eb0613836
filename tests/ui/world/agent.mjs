// A scripted agent: an ordinary loop over an ordinary wire. It knows nothing of the runtime but the address it was given.

/** Plays one story to its end; the tools answer as the story says. `base` is the proxy, `label` what stands before the path, `pace` stretches what tools take. */
export async function play(story, base, label = story.agent ? `/@${story.agent}` : "", pace = 1) {
  const wire = WIRES[story.dialect];
  const results = story.results();
  const follow = [...(story.follow ?? [])];
  const history = wire.begin(story);
  if (story.title) await ask(wire, base + label, { ...story, tools: [], stream: false, system: story.title.system }, wire.begin({ ...story, user: `${story.title.about}: ${story.user}` }));
  for (let turn = 0; turn < (story.most ?? 10_000); turn += 1) {
    const answer = await ask(wire, base + label, story, history);
    if (answer.failed) return answer;
    history.push(...answer.messages);
    if (answer.calls.length === 0) {
      const more = follow.shift();
      if (!more) return answer;
      history.push(...wire.begin({ ...story, system: undefined, user: more }));
      continue;
    }
    const done = [];
    for (const call of answer.calls) {
      const { text, error, ms, sub } = results(call);
      if (sub) await play(sub, base, label, pace);
      if (ms) await new Promise((later) => setTimeout(later, ms * pace));
      done.push({ ...call, text, error });
    }
    history.push(...wire.results(done));
    await story.between?.(turn);
  }
  return undefined;
}

async function ask(wire, base, story, history) {
  const { path, headers, body } = wire.request(story, history);
  const response = await fetch(base + path, {
    method: "POST",
    headers: { "content-type": "application/json", "user-agent": story.client ?? "scripted-agent/1", ...headers, ...story.headers },
    body: JSON.stringify(body),
    signal: story.signal,
  });
  const text = await response.text();
  if (!response.ok) return { failed: response.status, text, calls: [], messages: [] };
  return wire.read(text, text.startsWith("{"));
}

const events = (text) => text.split("\n").filter((line) => line.startsWith("data: {")).map((line) => JSON.parse(line.slice(6)));
const parsed = (text) => (text === "" ? {} : JSON.parse(text));

const chat = {
  begin: ({ system, user }) => [...(system ? [{ role: "system", content: system }] : []), { role: "user", content: user }],
  request: (story, messages) => ({
    path: "/v1/chat/completions",
    headers: { authorization: "Bearer sk-scripted-0000000000000000" },
    body: { model: story.model, ...(story.stream ? { stream: true, stream_options: { include_usage: true } } : {}), ...(story.tools.length ? { tools: story.tools.map((tool) => ({ type: "function", function: { name: tool.name, description: tool.says, parameters: schema(tool) } })) } : {}), messages },
  }),
  read(text, whole) {
    const message = { role: "assistant", content: null };
    if (whole) Object.assign(message, parsed(text).choices[0].message);
    else {
      for (const { choices } of events(text)) {
        const delta = choices[0]?.delta ?? {};
        if (delta.content) message.content = (message.content ?? "") + delta.content;
        for (const part of delta.tool_calls ?? []) {
          message.tool_calls ??= [];
          message.tool_calls[part.index] ??= { id: part.id, type: "function", function: { name: part.function.name, arguments: "" } };
          message.tool_calls[part.index].function.arguments += part.function.arguments ?? "";
        }
      }
    }
    if (message.tool_calls) message.tool_calls = message.tool_calls.filter(Boolean);
    const calls = (message.tool_calls ?? []).map((call) => ({ id: call.id, name: call.function.name, arguments: parsed(call.function.arguments) }));
    return { messages: [message], calls, text: message.content };
  },
  results: (done) => done.map((call) => ({ role: "tool", tool_call_id: call.id, content: call.error ? JSON.stringify({ error: call.text }) : call.text })),
};

const anthropic = {
  begin: ({ user }) => [{ role: "user", content: [{ type: "text", text: user }] }],
  request: (story, messages) => ({
    path: "/v1/messages",
    headers: { "anthropic-version": "2023-06-01", "x-api-key": "sk-ant-scripted-000000000000" },
    body: { model: story.model, max_tokens: 8192, ...(story.stream ? { stream: true } : {}), system: [{ type: "text", text: story.system ?? "", cache_control: { type: "ephemeral" } }], ...(story.tools.length ? { tools: story.tools.map((tool) => ({ name: tool.name, description: tool.says, input_schema: schema(tool) })) } : {}), messages },
  }),
  read(text, whole) {
    const blocks = [];
    if (whole) blocks.push(...parsed(text).content);
    else {
      for (const event of events(text)) {
        if (event.type === "content_block_start") blocks[event.index] = { ...event.content_block, json: "" };
        if (event.type === "content_block_delta") {
          const block = blocks[event.index];
          if (event.delta.text) block.text += event.delta.text;
          block.json += event.delta.partial_json ?? "";
        }
      }
    }
    const content = blocks.filter(Boolean).map(({ json, ...block }) => (block.type === "tool_use" && json ? { ...block, input: parsed(json) } : block));
    const calls = content.filter((block) => block.type === "tool_use").map((block) => ({ id: block.id, name: block.name, arguments: block.input }));
    return { messages: [{ role: "assistant", content }], calls, text: content.filter((block) => block.type === "text").map((block) => block.text).join("") };
  },
  results: (done) => [{ role: "user", content: done.map((call) => ({ type: "tool_result", tool_use_id: call.id, content: call.text, ...(call.error ? { is_error: true } : {}) })) }],
};

const responses = {
  begin: ({ user }) => [{ type: "message", role: "user", content: [{ type: "input_text", text: user }] }],
  request: (story, input) => ({
    path: "/v1/responses",
    headers: { authorization: "Bearer sk-scripted-0000000000000000" },
    body: { model: story.model, instructions: story.system, store: false, ...(story.tools.length ? { tools: story.tools.map((tool) => ({ type: "function", name: tool.name, description: tool.says, parameters: schema(tool) })) } : {}), input },
  }),
  read(text) {
    const { output } = parsed(text);
    const calls = output.filter((item) => item.type === "function_call").map((item) => ({ id: item.call_id, name: item.name, arguments: parsed(item.arguments) }));
    return { messages: output, calls, text: output.flatMap((item) => item.content ?? []).map((part) => part.text).join("") };
  },
  results: (done) => done.map((call) => ({ type: "function_call_output", call_id: call.id, output: call.error ? JSON.stringify({ error: call.text }) : call.text })),
};

const gemini = {
  begin: ({ user }) => [{ role: "user", parts: [{ text: user }] }],
  request: (story, contents) => ({
    path: `/v1beta/models/${story.model}:generateContent`,
    headers: { "x-goog-api-key": "AIzaSCRIPTED00000000000000000000000" },
    body: { systemInstruction: { parts: [{ text: story.system ?? "" }] }, ...(story.tools.length ? { tools: [{ functionDeclarations: story.tools.map((tool) => ({ name: tool.name, description: tool.says, parameters: schema(tool) })) }] } : {}), contents },
  }),
  read(text) {
    const { content } = parsed(text).candidates[0];
    const calls = content.parts.filter((part) => part.functionCall).map((part) => ({ id: "", name: part.functionCall.name, arguments: part.functionCall.args }));
    return { messages: [content], calls, text: content.parts.map((part) => part.text ?? "").join("") };
  },
  results: (done) => [{ role: "user", parts: done.map((call) => ({ functionResponse: { name: call.name, response: call.error ? { error: call.text } : { output: call.text } } })) }],
};

const WIRES = { chat, anthropic, responses, gemini };

const schema = (tool) => ({ type: "object", properties: Object.fromEntries(tool.takes.map((name) => [name, { type: "string" }])), required: tool.takes });
