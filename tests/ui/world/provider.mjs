// A scripted provider for stories: which story a request belongs to is read from its first words, which turn from how many answers its
// history holds. Tokens are what the bodies weigh, so that figures are plausible and always the same.
import { createServer } from "node:http";
import { wires } from "../../clients/provider.mjs";

/** `pace` stretches every wait; 0 answers at once. A turn with `hold: NAME` waits until `release(NAME)`. */
export async function startStories(find, { pace = 1 } = {}) {
  const held = new Map();
  const failed = new Map();
  /** Whether a turn that fails some times before it answers is to fail now. */
  const fails = (story, said, { times }) => {
    const key = `${story.name} ${said}`;
    const before = failed.get(key) ?? 0;
    failed.set(key, (before + 1) % (times + 1));
    return before < times;
  };
  const gate = (name) => {
    if (!held.has(name)) {
      const one = {};
      one.opened = new Promise((open) => { one.open = open; });
      held.set(name, one);
    }
    return held.get(name);
  };
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk)).on("end", () => {
      const [, word, name] = request.url.split("/");
      if (word === "release") {
        gate(name).open();
        return response.end();
      }
      answer(request, response, Buffer.concat(chunks).toString(), { find, pace, gate, fails }).catch(() => response.destroy());
    });
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  server.unref();
  return { base: `http://127.0.0.1:${server.address().port}`, stop: () => server.closeAllConnections() || server.close() };
}

const json = { "content-type": "application/json" };

async function answer(request, response, text, { find, pace, gate, fails }) {
  const body = JSON.parse(text);
  const path = request.url.split("?")[0];
  const [dialect, wire] = Object.entries(wires).find(([, { suffix }]) => suffix.test(path));
  const history = messages(body);
  const opening = spoken(history.find((message) => message.role === "user"));
  const { story, aside } = find(opening);
  if (!story) {
    response.writeHead(404, json);
    return response.end(JSON.stringify({ error: { message: `no story begins with ${opening.slice(0, 60)}` } }));
  }
  const said = history.filter((message) => message.role === "assistant" || message.role === "model").length;
  const turn = aside ? { text: story.title.answer } : story.turn(said);
  if (turn.hold) await gate(turn.hold).opened;
  const failure = turn.fails && fails(story, said, turn.fails) ? turn.fails : turn;
  if (failure.status) {
    response.writeHead(failure.status, json);
    return response.end(JSON.stringify({ type: "error", error: { type: failure.type, message: failure.text } }));
  }
  const speaking = weighed(wire, dialect, turn, text, said, story);
  const wait = (ms) => (pace === 0 || !ms ? undefined : new Promise((later) => setTimeout(later, ms * pace)));
  await wait(turn.first ?? 24);
  if (!wire.streamed(body, request.url)) {
    response.writeHead(200, json);
    return response.end(JSON.stringify(speaking.whole(turn, body)));
  }
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  for (const frame of speaking.stream(turn, body)) {
    response.write(frame);
    await wait(turn.gap ?? 1);
  }
  response.end();
}

function messages(body) {
  const all = body.messages ?? body.contents ?? (typeof body.input === "string" ? [{ role: "user", content: body.input }] : body.input);
  // In the Responses dialect a turn of the model may be several items: calls follow its message.
  return all.map((item) => (item.type === "function_call" ? { ...item, role: "assistant" } : item)).filter((item, place, items) => {
    const before = items[place - 1];
    return !(body.input && item.role === "assistant" && before?.role === "assistant");
  });
}

function spoken(message) {
  const content = message?.content ?? message?.parts ?? "";
  return typeof content === "string" ? content : content.map((part) => part.text ?? "").join("");
}

/** The wire with tokens as the bodies weigh: four bytes each, beside what the story says its instructions weigh. */
function weighed(wire, dialect, turn, text, said, story) {
  const base = story.tokens ?? 2_400;
  const input = base + Math.round(text.length / 4);
  const cached = said === 0 ? 0 : Math.floor((base + text.length / 5) / 128) * 128;
  const output = turn.output ?? 12 + Math.round(JSON.stringify(turn).length / 4);
  switch (dialect) {
    case "anthropic":
      return { ...wire, usage: { input_tokens: input - cached, cache_creation_input_tokens: 0, cache_read_input_tokens: cached, output_tokens: output },
        *stream(...given) {
          // The last frame but one counts the output.
          for (const frame of wire.stream.apply(this, given)) yield frame.replace('"usage":{"output_tokens":17}', `"usage":{"output_tokens":${output}}`);
        } };
    case "chat":
      return { ...wire, usage: () => ({ prompt_tokens: input, completion_tokens: output, total_tokens: input + output, prompt_tokens_details: { cached_tokens: cached } }) };
    case "responses":
      return { ...wire, response(...given) {
        const made = wire.response(...given);
        if (made.usage) Object.assign(made.usage, { input_tokens: input, input_tokens_details: { cached_tokens: cached }, output_tokens: output, total_tokens: input + output });
        return made;
      } };
    default:
      return { ...wire, chunk(...given) {
        const made = wire.chunk(...given);
        made.usageMetadata = { promptTokenCount: input, candidatesTokenCount: output, totalTokenCount: input + output, cachedContentTokenCount: cached };
        return made;
      } };
  }
}
