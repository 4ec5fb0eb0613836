// A rule's condition, out of its TOML: what a card shows as the reason.

const STRINGS = [
  { begin: "'''", raw: true },
  { begin: '"""', raw: false },
  { begin: "'", raw: true },
  { begin: '"', raw: false },
] as const;

/** The condition after `when =`, in whichever of TOML's four strings; null where the rule has none. */
export function conditionOf(toml: string): string | null {
  const found = /^\s*when\s*=\s*/m.exec(toml);
  if (!found) return null;
  const rest = toml.slice(found.index + found[0].length);
  const string = STRINGS.find(({ begin }) => rest.startsWith(begin));
  if (!string) return null;
  const { begin, raw } = string;
  let at = begin.length;
  while (at < rest.length && !rest.startsWith(begin, at)) at += !raw && rest[at] === "\\" ? 2 : 1;
  const text = rest.slice(begin.length, at);
  return (raw ? text : text.replace(/\\(["\\])/g, "$1")).trim();
}

/** What a rule is made from: a step's first tool call, else its model call. */
export type Origin = { step: number; agent: string; model: string; call: { name: string; arguments: string } | null };

/** A policy with one rule that would have matched there; in shadow until somebody says otherwise. */
export function policyFrom({ step, agent, model, call }: Origin): string {
  const condition = call === null ? `request.model == ${literal(model)}` : `tool.name == ${literal(call.name)}`;
  const seen = call === null ? "" : `# It was called with ${oneComment(call.arguments)}\n`;
  const act = call === null ? "This model is not to be used." : "{{tool.name}} needs a person.";
  return `# Made from step ${step} of a session of ${oneComment(agent)}.
version     = 1
name        = "my-policy"
description = ""

# Until you change it, it only records what it would have done.
[defaults]
mode = "shadow"

${seen}[[rule]]
id   = "my-rule"
on   = "${call === null ? "model.request" : "tool.call"}"
when = ${JSON.stringify(condition)}
do   = [{ block = { text = ${JSON.stringify(act)} } }]
`;
}

/** A string in a condition. */
function literal(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&").replace(/\n/g, "\\n")}'`;
}

function oneComment(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
  return line.length > 160 ? `${line.slice(0, 159)}…` : line;
}
