// One budget's gauge: small, for the line under a session's head; and as a row with every number.
import { CircleAlert, Gauge as GaugeIcon, TriangleAlert } from "lucide-react";
import type { BudgetView } from "@/bridge";
import { amount, budgetWords, gauge, NEARNESS, type Nearness, whose } from "@/model/budget";
import { percent } from "@/model/format";
import { GaugeBar } from "@/widgets/gauge";
import { Until } from "@/widgets/time";

const ICONS = { fine: GaugeIcon, nearing: TriangleAlert, over: CircleAlert };

type BarProps = { budget: BudgetView; onRaise: () => void };

/** Name, bar, share; pressed, it asks for another limit. */
export function BudgetBar({ budget, onRaise }: BarProps) {
  const { used, reserved, share, nearness } = gauge(budget);
  const Icon = ICONS[nearness];
  const loud = nearness !== "fine";
  return (
    <button
      type="button"
      aria-label={`Raise budget: ${budgetWords(budget)}`}
      title={budgetWords(budget)}
      onClick={onRaise}
      className={`flex h-5 shrink-0 items-center gap-1.5 rounded px-1 hover:bg-hover ${loud ? "text-error" : "text-muted"}`}
    >
      <Icon size={12} className={`shrink-0 ${loud ? "" : "text-policy"}`} />
      <span className="max-w-40 truncate">{budget.name}</span>
      <GaugeBar solid={used} hatched={reserved} alarming={loud} className="w-16" />
      <span className="num">{percent(share)}</span>
      {nearness === "nearing" && <span>nearing</span>}
      {nearness === "over" && <span>over</span>}
    </button>
  );
}

type RowProps = { budget: BudgetView; children?: React.ReactNode };

/** With used, reserved and the limit as they are; `children`: what can be done about it. */
export function BudgetRow({ budget, children }: RowProps) {
  const { used, reserved, share, projected, nearness } = gauge(budget);
  const { unit } = budget;
  return (
    <li aria-label={budgetWords(budget)} className="py-1 text-sm">
      <div className="flex items-center gap-2">
        <span className="min-w-0 truncate font-medium" title={`${budget.name} of policy ${budget.policy}`}>
          {budget.name}
        </span>
        <span className="min-w-0 truncate text-muted">{whose(budget)}</span>
        <Near nearness={nearness} />
        <span className="num ml-auto">
          {amount(budget.used, unit)} <span className="text-muted">of {amount(budget.limit, unit)}</span>
        </span>
        {children}
      </div>
      <GaugeBar solid={used} hatched={reserved} alarming={nearness !== "fine"} className="mt-1" />
      <div className="mt-0.5 flex gap-3 text-muted text-xs tabular-nums">
        <span>{percent(share)} used</span>
        {budget.reserved > 0 && (
          <span>
            {amount(budget.reserved, unit)} reserved, {percent(projected)} with it
          </span>
        )}
        {budget.resets_at != null && (
          <span className="ml-auto">
            begins anew <Until at={budget.resets_at} />
          </span>
        )}
      </div>
    </li>
  );
}

function Near({ nearness }: { nearness: Nearness }) {
  const Icon = ICONS[nearness];
  if (nearness === "fine") return null;
  return (
    <span className="flex shrink-0 items-center gap-1 text-error">
      <Icon size={12} /> {NEARNESS[nearness]}
    </span>
  );
}
