// How a policy's file stands, in words.
import type { PolicyView } from "@/bridge";

/** "mine.toml:3:1: there is no key …" as its line and what is wrong; the line is null where none is named. */
export function place(error: string): { line: number | null; says: string } {
  const found = /^\S+\.toml:(\d+):(\d+):?\s+([\s\S]*)$/.exec(error);
  return found ? { line: Number(found[1]), says: found[3] ?? "" } : { line: null, says: error };
}

/** What holds although the file is broken. */
export function inForceWords(policy: Pick<PolicyView, "state">): string {
  if (policy.state === "kept") return "its last good version is in force";
  return policy.state === "broken" ? "not in force" : "in force";
}

/** A table of the source by its name, such as `limit.pace`: the line of its head, from 1, and its text; null where there is none. */
export function tableOf(source: string, name: string): { line: number; text: string } | null {
  const lines = source.split("\n");
  const at = lines.findIndex((line) => line.replaceAll(" ", "").startsWith(`[${name}]`));
  if (at < 0) return null;
  const length = lines.slice(at + 1).findIndex((line) => line.trimStart().startsWith("["));
  const table = length < 0 ? lines.slice(at) : lines.slice(at, at + 1 + length);
  return { line: at + 1, text: table.join("\n").trim() };
}
