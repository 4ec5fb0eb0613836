// What a request says, in all five dialects.
import {
  compact,
  isObject,
  type Json,
  type JsonObject,
  list,
  other,
  type Part,
  parseJson,
  pretty,
  type Role,
  type ToolDefinition,
  type Turn,
  text,
} from "./parts";

export type RequestView = { turns: Turn[]; tools: ToolDefinition[]; parameters: [string, string][] };

/** Null where the body is no JSON object. */
export function readRequest(dialect: string, body: string): RequestView | null {
  const value = parseJson(body);
  if (!isObject(value)) return null;
  return { turns: turnsOf(dialect, value), tools: toolsOf(value), parameters: parametersOf(value) };
}

function turnsOf(dialect: string, body: JsonObject): Turn[] {
  switch (dialect) {
    case "openai-responses":
      return responses(body);
    case "anthropic":
      return [...anthropicSystem(body.system), ...list(body.messages).map(anthropic)];
    case "gemini":
      return gemini(body);
    default:
      return list(body.messages).length > 0 || !body.prompt ? list(body.messages).map(chat) : prompt(body);
  }
}

function roleOf(value: Json | undefined): Role {
  switch (value) {
    case "system":
    case "developer":
      return "system";
    case "assistant":
    case "model":
      return "assistant";
    case "tool":
    case "function":
      return "tool";
    default:
      return "user";
  }
}

/** OpenAI Chat Completions and Ollama. */
function chat(message: JsonObject): Turn {
  const role = roleOf(message.role);
  const parts: Part[] = [];
  const thought = text(message.reasoning_content) || text(message.reasoning) || text(message.thinking);
  if (thought) parts.push({ kind: "reasoning", text: thought, sealed: false });
  if (role === "tool") {
    const id = text(message.tool_call_id);
    const name = text(message.tool_name) || text(message.name) || null;
    parts.push({ kind: "result", id, name, text: flat(message.content), failed: false });
  } else {
    parts.push(...contents(message.content));
  }
  for (const call of list(message.tool_calls)) parts.push(chatCall(call));
  if (isObject(message.function_call)) parts.push(chatCall({ function: message.function_call }));
  for (const image of Array.isArray(message.images) ? message.images : []) {
    parts.push({ kind: "media", says: `image, ${text(image).length} characters of base64` });
  }
  return { role, parts };
}

function chatCall(call: JsonObject): Part {
  const fn = isObject(call.function) ? call.function : isObject(call.custom) ? call.custom : {};
  return { kind: "call", id: text(call.id), name: text(fn.name), arguments: compact(fn.arguments ?? fn.input ?? "") };
}

function prompt(body: JsonObject): Turn[] {
  const turns: Turn[] = [];
  if (text(body.system)) turns.push({ role: "system", parts: [{ kind: "text", text: text(body.system) }] });
  turns.push({ role: "user", parts: [{ kind: "text", text: flat(body.prompt) }] });
  return turns;
}

/** Content as a string or as parts; shared by OpenAI's two dialects. */
function contents(content: Json | undefined): Part[] {
  if (typeof content === "string") return content === "" ? [] : [{ kind: "text", text: content }];
  return list(content).map((part): Part => {
    switch (part.type) {
      case "text":
      case "input_text":
      case "output_text":
      case "summary_text":
        return { kind: "text", text: text(part.text) };
      case "refusal":
        return { kind: "text", text: text(part.refusal) };
      case "image_url":
      case "input_image":
      case "input_audio":
      case "file":
      case "input_file":
        return { kind: "media", says: `${text(part.type).replace("input_", "")}, ${compact(part).length} characters` };
      default:
        return other(part);
    }
  });
}

/** All text of a content value, for results. */
function flat(content: Json | undefined): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return content == null ? "" : pretty(content);
  return content
    .map((part) =>
      typeof part === "string" ? part : isObject(part) && typeof part.text === "string" ? part.text : pretty(part),
    )
    .join("\n");
}

function responses(body: JsonObject): Turn[] {
  const turns: Turn[] = [];
  if (text(body.instructions)) turns.push({ role: "system", parts: [{ kind: "text", text: text(body.instructions) }] });
  if (typeof body.input === "string") turns.push({ role: "user", parts: [{ kind: "text", text: body.input }] });
  for (const item of list(body.input)) turns.push(responseItem(item));
  return turns;
}

/** One item of the Responses dialect, of a request or of an answer. */
export function responseItem(item: JsonObject): Turn {
  const kind = text(item.type);
  if (kind === "" || kind === "message") return { role: roleOf(item.role), parts: contents(item.content) };
  if (kind === "reasoning") {
    const said = [...list(item.summary), ...list(item.content)].map((part) => text(part.text)).join("\n");
    return { role: "assistant", parts: [{ kind: "reasoning", text: said, sealed: said === "" }] };
  }
  if (kind.endsWith("_call_output")) {
    const id = text(item.call_id);
    return { role: "tool", parts: [{ kind: "result", id, name: null, text: flat(item.output), failed: false }] };
  }
  if (kind.endsWith("_call")) {
    const name = text(item.name) || kind.replace(/_call$/, "");
    const given = item.arguments ?? item.input ?? item.action ?? "";
    return {
      role: "assistant",
      parts: [{ kind: "call", id: text(item.call_id) || text(item.id), name, arguments: compact(given) }],
    };
  }
  return { role: "system", parts: [other(item)] };
}

function anthropicSystem(system: Json | undefined): Turn[] {
  const parts =
    typeof system === "string" ? [{ kind: "text" as const, text: system }] : list(system).map(anthropicPart);
  return parts.length > 0 ? [{ role: "system", parts }] : [];
}

function anthropic(message: JsonObject): Turn {
  const parts: Part[] =
    typeof message.content === "string"
      ? [{ kind: "text", text: message.content }]
      : list(message.content).map(anthropicPart);
  const results = parts.length > 0 && parts.every((part) => part.kind === "result");
  return { role: results ? "tool" : roleOf(message.role), parts };
}

export function anthropicPart(part: JsonObject): Part {
  switch (part.type) {
    case "text":
      return { kind: "text", text: text(part.text) };
    case "thinking":
      return { kind: "reasoning", text: text(part.thinking), sealed: text(part.thinking) === "" };
    case "redacted_thinking":
      return { kind: "reasoning", text: "", sealed: true };
    case "tool_use":
    case "server_tool_use":
      return { kind: "call", id: text(part.id), name: text(part.name), arguments: compact(part.input ?? {}) };
    case "tool_result":
      return {
        kind: "result",
        id: text(part.tool_use_id),
        name: null,
        text: flat(part.content),
        failed: part.is_error === true,
      };
    case "image":
    case "document":
      return { kind: "media", says: `${part.type}, ${compact(part.source).length} characters` };
    default:
      return other(part);
  }
}

function gemini(body: JsonObject): Turn[] {
  const turns: Turn[] = [];
  const system = body.systemInstruction ?? body.system_instruction;
  if (isObject(system)) turns.push({ role: "system", parts: list(system.parts).map(geminiPart) });
  for (const content of list(body.contents)) {
    const parts = list(content.parts).map(geminiPart);
    const results = parts.length > 0 && parts.every((part) => part.kind === "result");
    turns.push({ role: results ? "tool" : roleOf(content.role), parts });
  }
  return turns;
}

export function geminiPart(part: JsonObject): Part {
  if (typeof part.text === "string") {
    return part.thought === true
      ? { kind: "reasoning", text: part.text, sealed: false }
      : { kind: "text", text: part.text };
  }
  const call = part.functionCall ?? part.function_call;
  if (isObject(call))
    return { kind: "call", id: text(call.id), name: text(call.name), arguments: compact(call.args ?? {}) };
  const result = part.functionResponse ?? part.function_response;
  if (isObject(result)) {
    const failed = isObject(result.response) && "error" in result.response;
    return {
      kind: "result",
      id: text(result.id),
      name: text(result.name) || null,
      text: pretty(result.response),
      failed,
    };
  }
  const data = part.inlineData ?? part.inline_data ?? part.fileData;
  if (isObject(data)) return { kind: "media", says: text(data.mimeType) || text(data.mime_type) || "file" };
  return other(part);
}

function toolsOf(body: JsonObject): ToolDefinition[] {
  return list(body.tools).flatMap((tool): ToolDefinition[] => {
    const declared = list(tool.functionDeclarations ?? tool.function_declarations);
    if (declared.length > 0) return declared.map(toolOf);
    return [toolOf(isObject(tool.function) ? tool.function : isObject(tool.custom) ? tool.custom : tool)];
  });
}

function toolOf(tool: JsonObject): ToolDefinition {
  const schema = tool.parameters ?? tool.input_schema ?? tool.parametersJsonSchema ?? tool.format;
  return {
    name: text(tool.name) || text(tool.type) || Object.keys(tool)[0] || "tool",
    description: text(tool.description),
    schema: schema === undefined ? "" : pretty(schema),
  };
}

const SHOWN_ELSEWHERE = new Set([
  "messages",
  "input",
  "instructions",
  "system",
  "contents",
  "systemInstruction",
  "system_instruction",
  "tools",
  "prompt",
]);

function parametersOf(body: JsonObject): [string, string][] {
  return Object.entries(body)
    .filter(([name]) => !SHOWN_ELSEWHERE.has(name))
    .map(([name, value]) => [name, compact(value)]);
}
