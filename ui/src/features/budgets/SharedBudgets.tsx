// Budgets that sessions share, a day's and an agent's: the fullest first.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { health } from "@/bridge/queries";
import { fullestFirst } from "@/model/budget";
import { plural } from "@/model/format";
import { Failure, Skeleton } from "@/widgets/states";
import { BudgetRow } from "./BudgetGauge";

const SHOWN = 6;

export function SharedBudgets() {
  const { data, error, refetch } = useQuery(health);
  const [all, setAll] = useState(false);
  const budgets = fullestFirst(data?.budgets ?? []);
  if (!data) return error ? <Failure error={error} again={() => void refetch()} /> : <Skeleton width="60%" />;
  if (budgets.length === 0)
    return (
      <p className="text-muted">
        No policy gives a day or an agent a budget.{" "}
        <Link to="/policies" className="link">
          See the policies
        </Link>
      </p>
    );
  const shown = all ? budgets : budgets.slice(0, SHOWN);
  return (
    <>
      <ul>
        {shown.map((budget) => (
          <BudgetRow key={`${budget.policy}/${budget.name} ${budget.holder} ${budget.unit}`} budget={budget}>
            <Link
              to="/policies/$name"
              params={{ name: budget.policy }}
              className="shrink-0 rounded border border-line px-1.5 text-muted text-xs hover:bg-hover hover:text-ink"
            >
              Edit policy
            </Link>
          </BudgetRow>
        ))}
      </ul>
      {shown.length < budgets.length && (
        <button type="button" onClick={() => setAll(true)} className="text-model text-sm hover:underline">
          Show all {plural(budgets.length, "budget")}
        </button>
      )}
    </>
  );
}
