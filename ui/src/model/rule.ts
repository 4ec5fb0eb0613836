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
