// Interventions in words: whether they happened, and what they cost or saved.
import type { InterventionView } from "@/bridge";
import { count, duration, money } from "./format";

/** Done; in shadow, so nothing was changed; or tried, but it did not apply there. */
export type Came = "done" | "shadow" | "not applied";

export function came({ mode, summary }: Pick<InterventionView, "mode" | "summary">): Came {
  if (/^(Would have: )?Could not /.test(summary)) return "not applied";
  return mode === "shadow" ? "shadow" : "done";
}

/** Why an action did not apply, of a summary "Could not X: why". */
export function obstacle(summary: string): string {
  const said = summary.replace(/^Would have: /, "");
  const at = said.indexOf(": ");
  return at < 0 ? said : said.slice(at + 2);
}

const WOULD = "Would have: ";

/** What was done, without the text behind it where that stands below as what came of it. */
export function headline(summary: string, after: string): string {
  const from = summary.startsWith(WOULD) ? WOULD.length : 0;
  const at = summary.indexOf(": ", from);
  // A long text was cut for the line.
  const text = summary
    .slice(at + 2)
    .replace(/…$/, "")
    .trim();
  const below = after.includes(text) || after.trim().replaceAll("\n", ", ") === text;
  return at >= 0 && text !== "" && below ? summary.slice(0, at) : summary;
}

/** How far an answer that was ended early can be trusted, from 0 to 1, and what that was computed from. */
export type Confidence = { share: number; reasons: string[]; words: string };

/** Of a note such as "[Partial answer. Why. Confidence 0.42: fact, fact.]"; null of any other text. */
export function confidenceOf(note: string): Confidence | null {
  const found = /^\[Partial answer\. ([\s\S]*?) ?Confidence (\d\.\d+): (.*)\.\]$/.exec(note.trim());
  if (!found) return null;
  return { words: found[1] ?? "", share: Number(found[2]), reasons: (found[3] ?? "").split(", ") };
}

const BASES: Record<InterventionView["effect"]["basis"], string> = {
  measured: "as measured",
  estimated: "estimated",
  counterfactual: "against what would have happened without it, which nobody can know exactly",
};

/** What it cost or saved, and how that is known; what the basis means in a sentence. */
export function effectWords({ tokens, usd, ms, basis }: InterventionView["effect"]): { says: string; basis: string } {
  const part = (value: number, words: (size: number) => string, more: string, less: string) =>
    value === 0 ? "" : `${words(Math.abs(value))} ${value > 0 ? more : less}`;
  const parts = [
    part(tokens, (size) => `${count(size)} tokens`, "more", "saved"),
    part(usd, (size) => money(size), "more", "saved"),
    part(ms, (size) => duration(size), "longer", "sooner"),
  ].filter((words) => words !== "");
  return { says: parts.join(" · ") || "no tokens, money or time", basis: BASES[basis] };
}
