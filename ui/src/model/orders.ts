// The standing orders of a session, a person's and its rules', out of the runtime's own shape.
import { isObject, type Json, list, text } from "./dialect/parts";
import { count } from "./format";

export type Standing = {
  gate: "open" | "paused" | "stepping" | "stepping_over";
  killed: string | null;
  model: { model: string; scope: string; byRule: boolean } | null;
  withheld: string[];
  injections: { text: string; standing: boolean }[];
  muted: string[];
  budgets: { name: string; limit: number }[];
  rollback: boolean;
  /** What rules lowered, in words. */
  limits: string[];
  /** How many values were redacted. */
  redacted: number;
};

const GATES = ["open", "paused", "stepping", "stepping_over"] as const;

export function standing(orders: unknown): Standing {
  const given = isObject(orders as Json) ? (orders as { [key: string]: Json }) : {};
  const words = (value: Json | undefined) =>
    Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
  const budgets = Array.isArray(given.budgets) ? given.budgets : [];
  const vault = isObject(given.vault) ? given.vault : {};
  return {
    gate: GATES.find((gate) => gate === given.gate) ?? "open",
    killed: isObject(given.killed) ? text(given.killed.text) : null,
    model: isObject(given.model)
      ? { model: text(given.model.model), scope: text(given.model.scope), byRule: given.model.by_rule === true }
      : null,
    withheld: words(given.withheld),
    injections: list(given.injections).map((one) => ({ text: text(one.text), standing: one.standing === true })),
    muted: words(given.muted),
    budgets: budgets.flatMap((pair) =>
      Array.isArray(pair) && typeof pair[0] === "string" && typeof pair[1] === "number"
        ? [{ name: pair[0], limit: pair[1] }]
        : [],
    ),
    rollback: isObject(given.rollback),
    limits: list(given.limits).map((one) => limitWords(isObject(one.limits) ? one.limits : {})),
    redacted: list(vault.kept).length,
  };
}

function limitWords(limits: { [key: string]: Json }): string {
  const { output_tokens: tokens, reasoning, tools, without, scope } = limits;
  const names = (value: Json | undefined) => (Array.isArray(value) ? value.map(text).join(", ") : "");
  const parts = [
    typeof tokens === "number" ? `at most ${count(tokens)} output tokens` : "",
    typeof reasoning === "string" ? `reasoning ${reasoning}` : "",
    Array.isArray(tools) ? `only tools ${names(tools)}` : "",
    Array.isArray(without) && without.length > 0 ? `without ${names(without)}` : "",
  ];
  return `${parts.filter((part) => part !== "").join(", ")} · ${text(scope) || "call"}`;
}

/** Each order that stands, as a sentence. */
export function orderWords(orders: Standing): string[] {
  const { gate, model, withheld, injections, muted, budgets, rollback, limits } = orders;
  const gates = {
    open: "",
    paused: "Paused at the next model call",
    stepping: "Held at the next point",
    stepping_over: "Held at the next model call, tools pass",
  };
  return [
    gates[gate],
    model ? `Model ${model.model} for the ${model.scope}` : "",
    ...limits.map((limit) => `Calls with ${limit}`),
    ...withheld.map((tool) => `Tool ${tool} is not offered`),
    ...injections.map((one) => `${one.standing ? "Each run begins with" : "The next request gets"} “${one.text}”`),
    ...muted.map((rule) => `Rule ${rule} is muted`),
    ...budgets.map(({ name, limit }) => `Budget ${name} at ${count(limit)}`),
    rollback ? "The next request goes on from an earlier step" : "",
  ].filter((order) => order !== "");
}
