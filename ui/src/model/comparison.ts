// Two answers' figures beside each other, as people read them.
import type { ComparedAnswer, ComparedCall } from "@/bridge";
import { count, duration, money } from "./format";

export type Figure = {
  name: string;
  before: string;
  after: string;
  /** By how much the second is more or less; null where that says nothing. */
  change: string | null;
};

export function figuresOf(before: ComparedAnswer, after: ComparedAnswer): Figure[] {
  const said = (name: string, of: (side: ComparedAnswer) => string): Figure => ({
    name,
    before: of(before),
    after: of(after),
    change: null,
  });
  const measured = (name: string, of: (side: ComparedAnswer) => number | null, write: (value: number) => string) => ({
    ...said(name, (side) => {
      const value = of(side);
      return value === null ? "–" : write(value);
    }),
    change: change(of(before), of(after)),
  });
  const failed = before.error !== null || after.error !== null;
  return [
    said("Model", (side) => side.model),
    said("Provider", (side) => side.provider),
    said("State", (side) => side.state),
    ...(failed ? [said("Error", (side) => side.error ?? "–")] : []),
    measured("Tool calls", (side) => side.calls.length, count),
    measured("Tokens in", (side) => side.input_tokens, count),
    measured("of them cached", (side) => side.cached_tokens, count),
    measured("Tokens out", (side) => side.output_tokens, count),
    measured("Cost", (side) => side.cost_usd, money),
    measured("First token", (side) => side.first_token_ms, duration),
    measured("Took", (side) => side.duration_ms, duration),
  ];
}

function change(before: number | null, after: number | null): string | null {
  if (before === null || after === null || before === 0 || before === after) return null;
  const share = Math.round((after / before - 1) * 100);
  if (share === 0) return null;
  return share > 0 ? `+${share} %` : `−${-share} %`;
}

/** One call after the other, arguments spread over lines, so that two lists can be told apart line by line. */
export function callsAsText(calls: ComparedCall[]): string {
  return calls.map((call) => `${call.name}${call.blocked ? " (taken out)" : ""}\n${argumentsOf(call)}`).join("\n");
}

function argumentsOf(call: ComparedCall): string {
  const text = typeof call.arguments === "string" ? call.arguments : `${call.arguments.preview}…`;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
