// Budgets as gauges: what of the limit is used and what calls under way may still use, how near it is, and the same in words.
import type { BudgetView, PolicyView } from "@/bridge";
import { count, duration, money, percent, short } from "./format";

export type Nearness = "fine" | "nearing" | "over";

/** Used from this share on, a budget is nearing its end. A reservation alone is no alarm: it may be as large as what remains. */
const NEARING = 0.85;

/** Shares of the limit; `used` and `reserved` stand one after the other within the bar. */
export type Gauge = { used: number; reserved: number; share: number; projected: number; nearness: Nearness };

export function gauge({ limit, used, reserved, projected }: BudgetView): Gauge {
  const part = (amount: number) => (limit > 0 ? amount / limit : amount > 0 ? 1 : 0);
  const share = part(used);
  const solid = Math.min(1, share);
  const foreseen = Math.max(projected, share);
  return {
    used: solid,
    reserved: Math.min(1 - solid, part(reserved)),
    share,
    projected: foreseen,
    nearness: share >= 1 ? "over" : share >= NEARING ? "nearing" : "fine",
  };
}

/** Those nearest to their end first. */
export function fullestFirst(budgets: readonly BudgetView[]): BudgetView[] {
  return [...budgets].sort((a, b) => gauge(b).projected - gauge(a).projected);
}

/** An amount in its unit, every digit; `brief` for where room is short. */
export function amount(value: number, unit: string, brief = false): string {
  if (unit === "usd") return money(value);
  if (unit === "ms") return duration(value);
  return brief ? short(value) : `${count(value)} ${unit}`;
}

const PER: Record<string, string> = {
  request: "each request",
  run: "this run",
  subtask: "this subtask",
  session: "this session",
};

/** Whose budget it is, as a person says it. */
export function whose({ per, holder }: BudgetView): string {
  if (per === "agent") return `agent ${holder}`;
  if (per === "day") return `the day ${holder}`;
  return PER[per] ?? per;
}

export const NEARNESS: Record<Nearness, string> = {
  fine: "",
  nearing: "nearing its limit",
  over: "over its limit",
};

/** The whole gauge as a sentence: for the tooltip and for those who hear it. */
export function budgetWords(budget: BudgetView): string {
  const { unit, limit, used, reserved } = budget;
  const { share, projected, nearness } = gauge(budget);
  const held = `${amount(reserved, unit)} reserved for calls under way, ${percent(projected)} with it`;
  const says = [
    `${budget.name} of policy ${budget.policy}, ${whose(budget)}: ${amount(used, unit)} of ${amount(limit, unit)} used, ${percent(share)}`,
    reserved > 0 ? held : "",
    NEARNESS[nearness],
  ];
  return says.filter((part) => part !== "").join("; ");
}

/** What the order `budget` calls it: the simple key, or `budget.NAME`, and its limit where it has several. */
export function orderName(budget: BudgetView, all: readonly BudgetView[], policies: readonly PolicyView[]): string {
  const policy = policies.find((one) => one.name === budget.policy);
  const simple = policy?.rules.some((rule) => rule.lowered_from === budget.name) ?? false;
  const limits = all.filter((one) => one.policy === budget.policy && one.name === budget.name);
  const units = new Set(limits.map((one) => one.unit)).size;
  return `${budget.policy}/${simple ? "" : "budget."}${budget.name}${units > 1 ? `.limit_${budget.unit}` : ""}`;
}
