// What a request's context is made of, in bytes as written and in tokens as counted for the whole.
import type { Part, RequestView } from "./dialect";

export const KINDS = ["system", "tools", "history", "results"] as const;
export type Kind = (typeof KINDS)[number];
export type Composition = Record<Kind, number>;

/** Characters by kind: instructions, tool definitions, what was said and called, what tools gave back. */
export function compose(request: RequestView): Composition {
  const sum: Composition = { system: 0, tools: 0, history: 0, results: 0 };
  for (const tool of request.tools) sum.tools += tool.name.length + tool.description.length + tool.schema.length;
  for (const turn of request.turns) {
    for (const part of turn.parts) {
      const kind = turn.role === "system" ? "system" : part.kind === "result" ? "results" : "history";
      sum[kind] += weight(part);
    }
  }
  return sum;
}

function weight(part: Part): number {
  switch (part.kind) {
    case "text":
    case "reasoning":
    case "result":
      return part.text.length;
    case "call":
      return part.name.length + part.arguments.length;
    case "media":
      return part.says.length;
    case "other":
      return part.json.length;
  }
}

/** `tokens` shared out as the bytes are; whole numbers that add up to it. */
export function share(parts: Composition, tokens: number): Composition {
  const total = KINDS.reduce((sum, kind) => sum + parts[kind], 0);
  const out: Composition = { system: 0, tools: 0, history: 0, results: 0 };
  if (total === 0) return { ...out, history: tokens };
  let given = 0;
  let passed = 0;
  for (const kind of KINDS) {
    passed += parts[kind];
    const until = Math.round((passed / total) * tokens);
    out[kind] = until - given;
    given = until;
  }
  return out;
}

/** Rows at which to look: at most about `most`, the same ones again as the session grows, and always the last. */
export function samplePlaces(rows: number, most: number): number[] {
  if (rows <= 0) return [];
  let stride = 1;
  while (rows / stride > most) stride *= 2;
  const places: number[] = [];
  for (let at = 0; at < rows - 1; at += stride) places.push(at);
  places.push(rows - 1);
  return places;
}
