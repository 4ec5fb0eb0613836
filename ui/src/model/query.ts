// The query bar's words: cut into tokens for colouring and completion. The server judges; this only shows.

export type TokenKind = "field" | "text" | "space";
export type Token = {
  kind: TokenKind;
  start: number;
  end: number;
  negated: boolean;
  field?: string;
  operator?: string;
  value?: string;
};

/** Fields to offer, with what they take. The server knows the truth: an unknown one comes back as its error. */
export const FIELDS: { name: string; says: string; values?: string[] }[] = [
  {
    name: "status",
    says: "state of the session",
    values: ["running", "waiting", "paused", "stepping", "idle", "ended"],
  },
  { name: "agent", says: "the agent's name; * stands for anything" },
  { name: "title", says: "the first user line" },
  { name: "model", says: "a model it used: model:*haiku*" },
  { name: "tool", says: "a tool it called" },
  { name: "rule", says: "a rule that intervened" },
  { name: "policy", says: "a policy that intervened" },
  {
    name: "action",
    says: "what was done",
    values: [
      "block",
      "inject",
      "reroute",
      "limit",
      "delay",
      "compact",
      "truncate",
      "extract",
      "redact",
      "replace",
      "retry",
      "cached",
      "escalate",
      "stop",
      "rollback",
      "alert",
      "taint",
    ],
  },
  { name: "label", says: "the session's label" },
  { name: "cost", says: "US dollars: cost:>0.50" },
  { name: "steps", says: "number of steps: steps:>20" },
  { name: "errors", says: "tool errors: errors:>2" },
  { name: "interventions", says: "how many: interventions:>0" },
  { name: "input", says: "tokens in: input:>100000" },
  { name: "cached", says: "tokens from the cache" },
  { name: "output", says: "tokens out" },
];

export function tokenise(query: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < query.length) {
    const start = at;
    if (/\s/.test(query[at] ?? "")) {
      while (at < query.length && /\s/.test(query[at] ?? "")) at += 1;
      tokens.push({ kind: "space", start, end: at, negated: false });
      continue;
    }
    let quoted = false;
    while (at < query.length && (quoted || !/\s/.test(query[at] ?? ""))) {
      if (query[at] === '"') quoted = !quoted;
      at += 1;
    }
    tokens.push(word(query, start, at));
  }
  return tokens;
}

function word(query: string, start: number, end: number): Token {
  const text = query.slice(start, end);
  const match = /^(-?)([a-z_]+):(>=|<=|>|<|=)?(.*)$/is.exec(text);
  if (match) {
    const [, minus, field = "", operator = "", value = ""] = match;
    return { kind: "field", start, end, negated: minus === "-", field, operator, value };
  }
  return { kind: "text", start, end, negated: text.length > 1 && text.startsWith("-"), value: text };
}

/** What could stand where the cursor is: whole replacements for the token under it. */
export function complete(
  query: string,
  cursor: number,
): { token: Token | null; offers: { text: string; says: string }[] } {
  const token = tokenise(query).find((t) => t.kind !== "space" && t.start < cursor && cursor <= t.end) ?? null;
  const typed = token ? query.slice(token.start, cursor) : "";
  const minus = typed.startsWith("-") ? "-" : "";
  const bare = typed.slice(minus.length).toLowerCase();
  const colon = bare.indexOf(":");
  if (colon >= 0) {
    const field = FIELDS.find((f) => f.name === bare.slice(0, colon));
    const begun = bare.slice(colon + 1);
    const values = (field?.values ?? []).filter((v) => v.startsWith(begun) && v !== begun);
    return { token, offers: values.map((v) => ({ text: `${minus}${field?.name}:${v}`, says: "" })) };
  }
  const fields = FIELDS.filter((f) => f.name.startsWith(bare));
  return { token, offers: fields.map((f) => ({ text: `${minus}${f.name}:`, says: f.says })) };
}

const PLACE = /at byte (\d+), (\d+) long/;

/** Whether a hint says only where the error is: that is drawn, not read. */
export function isPlace(hint: string): boolean {
  return PLACE.test(hint);
}

/** The part of the query that the server complains about: its place in bytes of UTF-8, else all of it. */
export function errorRange(query: string, hint: string | null): { start: number; end: number } {
  const place = hint === null ? null : PLACE.exec(hint);
  if (!place) return { start: 0, end: query.length };
  const start = characters(query, Number(place[1]));
  const end = characters(query, Number(place[1]) + Number(place[2]));
  return end > start ? { start, end } : { start: 0, end: query.length };
}

/** How many UTF-16 units of `text` its first `bytes` bytes of UTF-8 are. */
function characters(text: string, bytes: number): number {
  return new TextDecoder().decode(new TextEncoder().encode(text).slice(0, bytes)).length;
}
