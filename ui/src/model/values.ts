// What a condition read, as a person reads it: the value as it is, and what its number means in its unit.
import { bytes, count, duration, money, percent } from "./format";

export type Reading = { exact: string; means: string };

/** By the variable's last word, as the language's reference has its units. */
const UNITS: [RegExp, (value: number) => string][] = [
  [/_ms$|\.ms_since$|p99_ms$/, duration],
  [/(^|\.)bytes$/, bytes],
  [/_usd$/, (value) => money(value)],
  [/\.context_used$|^budget[.[].*\.(used|projected)$/, percent],
  [/(^|[._])tokens(_since)?$/, () => "tokens"],
];

/** `name`: the variable's dotted path. */
export function reading(name: string, value: unknown): Reading {
  const unit = typeof value === "number" ? UNITS.find(([names]) => names.test(name)) : undefined;
  const means = unit && typeof value === "number" ? unit[1](value) : "";
  const exact = written(value);
  return { exact, means: means === exact ? "" : means };
}

function written(value: unknown): string {
  if (value === null || value === undefined) return "(absent)";
  if (typeof value === "string") return value === "" ? "(empty)" : value;
  if (typeof value === "number") return Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(6)));
  if (typeof value === "boolean") return String(value);
  if (Array.isArray(value) && value.every((part) => typeof part !== "object"))
    return value.length === 0 ? "(none)" : value.map(String).join(", ");
  const line = JSON.stringify(value);
  return line.length > 72 ? JSON.stringify(value, null, 2) : line;
}
