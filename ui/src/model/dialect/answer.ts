// What a model answered, streamed or not, in all five dialects: the frames are put together again, for showing only.

import { compact, isObject, type Json, type JsonObject, list, type Part, parseJson, type Turn, text } from "./parts";
import { anthropicPart, geminiPart, responseItem } from "./request";

export type AnswerView = { turn: Turn; finish: string | null; error: string | null };

/** Null where nothing of it can be understood. A cut stream gives what came. */
export function readAnswer(dialect: string, body: string): AnswerView | null {
  const whole = parseJson(body);
  if (isObject(whole)) return fromEvents(dialect, [whole]);
  if (Array.isArray(whole)) return fromEvents(dialect, list(whole));
  const events = readEvents(body);
  return events.length > 0 ? fromEvents(dialect, events) : null;
}

/** The JSON objects of an SSE or line-delimited stream. */
export function readEvents(body: string): JsonObject[] {
  const events: JsonObject[] = [];
  let data: string[] = [];
  const flush = () => {
    if (data.length === 0) return;
    const value = parseJson(data.join("\n"));
    if (isObject(value)) events.push(value);
    data = [];
  };
  for (const line of body.split(/\r\n|\n|\r/)) {
    if (line === "") flush();
    else if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5));
    else if (line.startsWith("{")) {
      const value = parseJson(line);
      if (isObject(value)) events.push(value);
    }
  }
  flush();
  return events;
}

const READERS: Record<string, (events: JsonObject[]) => Read> = {
  anthropic,
  "openai-responses": responses,
  gemini,
  ollama,
};

function fromEvents(dialect: string, events: JsonObject[]): AnswerView {
  const error = events.map((event) => errorOf(event)).find((found) => found !== null) ?? null;
  const read = READERS[dialect] ?? chat;
  const answers = apart(events).map(read);
  const parts = answers.flatMap((answer) => answer.turn.parts);
  return { turn: { role: "assistant", parts }, finish: answers.at(-1)?.finish ?? null, error };
}

/** The runtime may have asked again within one exchange: each answer's own events, in order. */
function apart(events: JsonObject[]): JsonObject[][] {
  const answers: JsonObject[][] = [];
  let ended = true;
  for (const event of events) {
    const choice = list(event.choices)[0];
    const candidate = list(event.candidates)[0];
    const says = choice !== undefined || candidate !== undefined || "message" in event || "response" in event;
    const begins = event.type === "message_start" || event.type === "response.created";
    if (answers.length === 0 || begins || (ended && says && event.type === undefined)) answers.push([]);
    answers.at(-1)?.push(event);
    if (says) ended = Boolean(choice?.finish_reason || candidate?.finishReason || event.done === true);
  }
  return answers;
}

function errorOf(event: JsonObject): string | null {
  if (isObject(event.error)) return text(event.error.message) || compact(event.error);
  return typeof event.error === "string" ? event.error : null;
}

type Read = { turn: Turn; finish: string | null };
const assistant = (parts: Part[], finish: string | null): Read => ({ turn: { role: "assistant", parts }, finish });

function chat(events: JsonObject[]): Read {
  let said = "";
  let thought = "";
  let finish: string | null = null;
  const calls = new Map<number, { id: string; name: string; arguments: string }>();
  for (const event of events) {
    const choice = list(event.choices)[0];
    if (!choice) continue;
    const delta = isObject(choice.delta) ? choice.delta : isObject(choice.message) ? choice.message : {};
    said += text(delta.content) + text(delta.refusal);
    thought += text(delta.reasoning_content) || text(delta.reasoning);
    list(delta.tool_calls).forEach((piece, place) => {
      const index = typeof piece.index === "number" ? piece.index : place;
      const call = calls.get(index) ?? { id: "", name: "", arguments: "" };
      const fn = isObject(piece.function) ? piece.function : {};
      calls.set(index, {
        id: call.id || text(piece.id),
        name: call.name || text(fn.name),
        arguments: call.arguments + text(fn.arguments),
      });
    });
    finish = text(choice.finish_reason) || finish;
  }
  return assistant(joined(thought, said, [...calls.values()]), finish);
}

function joined(thought: string, said: string, calls: { id: string; name: string; arguments: string }[]): Part[] {
  const parts: Part[] = [];
  if (thought) parts.push({ kind: "reasoning", text: thought, sealed: false });
  if (said) parts.push({ kind: "text", text: said });
  for (const call of calls) parts.push({ kind: "call", ...call });
  return parts;
}

function anthropic(events: JsonObject[]): Read {
  const blocks = new Map<number, { start: JsonObject; said: string; json: string }>();
  let finish: string | null = null;
  for (const event of events) {
    const index = typeof event.index === "number" ? event.index : 0;
    if (event.type === "message") {
      return assistant(list(event.content).map(anthropicPart), text(event.stop_reason) || null);
    }
    if (event.type === "content_block_start" && isObject(event.content_block)) {
      blocks.set(index, { start: event.content_block, said: "", json: "" });
    }
    const delta = isObject(event.delta) ? event.delta : {};
    const block = blocks.get(index);
    if (event.type === "content_block_delta" && block) {
      block.said += text(delta.text) + text(delta.thinking);
      block.json += text(delta.partial_json);
    }
    if (event.type === "message_delta") finish = text(delta.stop_reason) || finish;
  }
  const parts = [...blocks.entries()].sort(([a], [b]) => a - b).map(([, block]) => anthropicBlock(block));
  return assistant(parts, finish);
}

function anthropicBlock({ start, said, json }: { start: JsonObject; said: string; json: string }): Part {
  const part = anthropicPart(start);
  if (part.kind === "text") return { kind: "text", text: part.text + said };
  if (part.kind === "reasoning") return { kind: "reasoning", text: part.text + said, sealed: part.text + said === "" };
  if (part.kind === "call" && json !== "") return { ...part, arguments: json };
  return part;
}

function responses(events: JsonObject[]): Read {
  const final = events.findLast((event) => isObject(event.response) && list(event.response.output).length > 0);
  const whole =
    final && isObject(final.response) ? final.response : events.find((event) => Array.isArray(event.output));
  let items = whole ? list(whole.output) : [];
  if (items.length === 0) {
    items = events
      .filter((e) => e.type === "response.output_item.done" && isObject(e.item))
      .map((e) => e.item as JsonObject);
  }
  if (items.length > 0) {
    return assistant(
      items.flatMap((item) => responseItem(item).parts),
      whole ? text(whole.status) || null : null,
    );
  }
  const said = events.filter((e) => e.type === "response.output_text.delta").map((e) => text(e.delta));
  return assistant(joined("", said.join(""), []), null);
}

function gemini(events: JsonObject[]): Read {
  const parts: Part[] = [];
  let finish: string | null = null;
  for (const event of events) {
    const candidate = list(event.candidates)[0];
    if (!candidate) continue;
    finish = text(candidate.finishReason) || finish;
    for (const piece of isObject(candidate.content) ? list(candidate.content.parts) : []) {
      const part = geminiPart(piece);
      const last = parts.at(-1);
      if ((part.kind === "text" || part.kind === "reasoning") && last?.kind === part.kind) last.text += part.text;
      else if (part.kind !== "text" || part.text !== "") parts.push(part);
    }
  }
  return assistant(parts, finish);
}

function ollama(events: JsonObject[]): Read {
  let said = "";
  let thought = "";
  let finish: string | null = null;
  const calls: { id: string; name: string; arguments: string }[] = [];
  for (const event of events) {
    const message: JsonObject = isObject(event.message) ? event.message : {};
    said += text(message.content) + text(event.response);
    thought += text(message.thinking) + text(event.thinking);
    for (const call of list(message.tool_calls)) {
      const fn: { [key: string]: Json } = isObject(call.function) ? call.function : {};
      calls.push({ id: text(call.id), name: text(fn.name), arguments: compact(fn.arguments ?? {}) });
    }
    if (event.done === true) finish = text(event.done_reason) || "stop";
  }
  return assistant(joined(thought, said, calls), finish);
}
