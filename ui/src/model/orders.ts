// A person's standing orders for a session, out of the runtime's own shape.
import { isObject, type Json, list, text } from "./dialect/parts";

export type Standing = {
  gate: "open" | "paused" | "stepping" | "stepping_over";
  killed: string | null;
  model: { model: string; scope: string } | null;
  withheld: string[];
  injections: { text: string; standing: boolean }[];
  muted: string[];
  budgets: { name: string; limit: number }[];
  rollback: boolean;
};

const GATES = ["open", "paused", "stepping", "stepping_over"] as const;

export function standing(orders: unknown): Standing {
  const given = isObject(orders as Json) ? (orders as { [key: string]: Json }) : {};
  const words = (value: Json | undefined) =>
    Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
  const budgets = Array.isArray(given.budgets) ? given.budgets : [];
  return {
    gate: GATES.find((gate) => gate === given.gate) ?? "open",
    killed: isObject(given.killed) ? text(given.killed.text) : null,
    model: isObject(given.model) ? { model: text(given.model.model), scope: text(given.model.scope) } : null,
    withheld: words(given.withheld),
    injections: list(given.injections).map((one) => ({ text: text(one.text), standing: one.standing === true })),
    muted: words(given.muted),
    budgets: budgets.flatMap((pair) =>
      Array.isArray(pair) && typeof pair[0] === "string" && typeof pair[1] === "number"
        ? [{ name: pair[0], limit: pair[1] }]
        : [],
    ),
    rollback: isObject(given.rollback),
  };
}
