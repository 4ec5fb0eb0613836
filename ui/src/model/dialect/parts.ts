// One normal form of a conversation, for showing. Lenient by design: what is not understood is kept as JSON, never dropped.

export type Part =
  | { kind: "text"; text: string }
  | { kind: "reasoning"; text: string; sealed: boolean }
  | { kind: "call"; id: string; name: string; arguments: string }
  | { kind: "result"; id: string; name: string | null; text: string; failed: boolean }
  | { kind: "media"; says: string }
  | { kind: "other"; name: string; json: string };

export type Role = "system" | "user" | "assistant" | "tool";
export type Turn = { role: Role; parts: Part[] };
export type ToolDefinition = { name: string; description: string; schema: string };

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function list(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

export function pretty(value: Json | undefined): string {
  return JSON.stringify(value ?? null, null, 2);
}

/** JSON as it would be on the wire; strings as they are. */
export function compact(value: Json | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

export function parseJson(source: string): Json | undefined {
  try {
    return JSON.parse(source) as Json;
  } catch {
    return undefined;
  }
}

export function other(value: JsonObject): Part {
  return { kind: "other", name: text(value.type) || "part", json: pretty(value) };
}
