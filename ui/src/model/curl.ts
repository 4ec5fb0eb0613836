// A recorded request as a command to paste. Values are quoted for a POSIX shell, so recorded text cannot become one.

const OWN = new Set(["host", "content-length", "connection", "transfer-encoding", "accept-encoding"]);

export function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

export function asCurl(base: string, method: string, path: string, headers: [string, string][], body: string): string {
  const lines = [`curl -sS -X ${quote(method)} ${quote(base + path)}`];
  for (const [name, value] of headers) {
    if (!OWN.has(name.toLowerCase())) lines.push(`-H ${quote(`${name}: ${value}`)}`);
  }
  // --data-raw: a body that begins with @ must not read a file.
  if (body !== "") lines.push(`--data-raw ${quote(body)}`);
  return lines.join(" \\\n  ");
}
