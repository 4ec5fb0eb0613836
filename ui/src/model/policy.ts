// How a policy's file stands, in words.
import type { PolicyView, ProblemView } from "@/bridge";

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

/** So much of a line is shown around what is wrong in it. */
const AROUND = 90;

/** The line that a problem stands in, cut where it is long, and carets under the problem. */
export function excerpt(problem: Pick<ProblemView, "excerpt" | "column" | "length">): [string, string] {
  const line = problem.excerpt.replaceAll("\t", " ");
  const at = problem.column - 1;
  const from = line.length > AROUND ? Math.max(0, Math.min(at - 20, line.length - AROUND)) : 0;
  const part = line.slice(from, from + AROUND);
  const shown = `${from > 0 ? "…" : ""}${part}${from + AROUND < line.length ? "…" : ""}`;
  const before = at - from + (from > 0 ? 1 : 0);
  const carets = Math.max(1, Math.min(problem.length, shown.length - before));
  return [shown, `${" ".repeat(Math.max(0, before))}${"^".repeat(carets)}`];
}
