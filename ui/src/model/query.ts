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
  { name: "agent", says: "the agent's name; * matches any" },
  { name: "model", says: "a model it used; * matches any" },
  { name: "tool", says: "a tool it called" },
  { name: "rule", says: "a rule that intervened" },
  { name: "action", says: "what an intervention did", values: ["blocked", "injected", "tainted"] },
  { name: "cost", says: "US dollars: cost:>0.50" },
  { name: "steps", says: "number of steps: steps:>20" },
  { name: "errors", says: "tool errors: errors:>2" },
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

/** Which part of the query the server's message means: the first quoted word that occurs in it, else all of it. */
export function errorRange(query: string, message: string): { start: number; end: number } {
  for (const match of message.matchAll(/[`“"'‘]([^`”"'’]+)[`”"'’]/g)) {
    const named = match[1] ?? "";
    const token = tokenise(query).find((t) => t.field === named || query.slice(t.start, t.end) === named);
    if (token) return { start: token.start, end: token.end };
    const at = query.indexOf(named);
    if (named !== "" && at >= 0) return { start: at, end: at + named.length };
  }
  return { start: 0, end: query.length };
}
