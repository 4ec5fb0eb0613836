// What the rules of a session read now: one line under its head, which opens to all of it.

import { useQuery } from "@tanstack/react-query";
import { ChevronRight, Coins, EyeOff, Gavel, ShieldAlert, TrendingUp, TriangleAlert } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { BudgetView, FactsView, SessionDetail } from "@/bridge";
import { policies } from "@/bridge/queries";
import { amount, fullestFirst, orderName } from "@/model/budget";
import { risk } from "@/model/facts";
import { count, plural } from "@/model/format";
import { standing } from "@/model/orders";
import { Button } from "@/widgets/button";
import { useKeys } from "@/widgets/keys";
import { useRemembered } from "@/widgets/remembered";
import { Pill } from "@/widgets/tone";
import { BudgetBar, BudgetRow } from "../budgets";
import { BudgetForm } from "../hand";
import { StandingDetail } from "./StandingDetail";

/** So many gauges stand in the line: the fullest. */
const GAUGES = 3;

const keyOf = (budget: BudgetView) => `${budget.policy}/${budget.name} ${budget.unit}`;

type Props = {
  session: SessionDetail;
  /** When it was told, by this machine's clock. */
  toldAt: number;
};

export function StandingLine({ session, toldAt }: Props) {
  const [open, setOpen] = useRemembered("standing-open", false);
  const [raising, setRaising] = useState<BudgetView | null>(null);
  const loaded = useQuery(policies).data?.policies ?? [];
  const orders = standing(session.orders);
  const budgets = fullestFirst(session.budgets);
  const { facts } = session;
  const toggle = useRef<HTMLButtonElement>(null);
  const byKey = useRef(false);
  useKeys({
    s: () => {
      byKey.current = true;
      setOpen(!open);
    },
  });
  // Opened by its key, it is read by the next keys; closed, its button has the focus.
  useEffect(() => {
    if (!byKey.current) return;
    byKey.current = false;
    const next = open ? document.getElementById("standing-detail") : toggle.current;
    next?.focus({ preventScroll: true });
  }, [open]);
  if (facts === null && budgets.length === 0) return null;
  return (
    <section aria-label="Standing" className="@container shrink-0 border-line border-b">
      <div className="flex min-h-7 flex-wrap items-center gap-x-2 gap-y-0.5 px-3 py-0.5 text-sm">
        <button
          ref={toggle}
          type="button"
          aria-expanded={open}
          aria-controls={open ? "standing-detail" : undefined}
          title="What the rules of this session read ( s )"
          onClick={() => setOpen(!open)}
          className="-ml-1 flex h-5 shrink-0 items-center gap-1 rounded px-1 text-muted hover:bg-hover hover:text-ink"
        >
          <ChevronRight size={12} className={`transition-transform duration-100 ${open ? "rotate-90" : ""}`} />
          {facts === null || facts.live ? "Rules read" : "Rules last read"}
        </button>
        {budgets.slice(0, GAUGES).map((budget) => (
          <BudgetBar key={keyOf(budget)} budget={budget} onRaise={() => setRaising(budget)} />
        ))}
        {budgets.length > GAUGES && (
          <button
            type="button"
            onClick={() => setOpen(true)}
            className="shrink-0 rounded px-1 text-muted hover:bg-hover hover:text-ink"
          >
            +{plural(budgets.length - GAUGES, "budget")}
          </button>
        )}
        {facts && (
          <Marks facts={facts} muted={orders.muted.length} redacted={orders.redacted} quiet={budgets.length > 0} />
        )}
      </div>
      {open && (
        <StandingDetail
          session={session}
          facts={facts}
          toldAt={toldAt}
          budgets={budgets.map((budget) => (
            <BudgetRow key={keyOf(budget)} budget={budget}>
              <Button
                icon={Coins}
                word="Raise"
                says="Another limit for this session"
                onClick={() => setRaising(budget)}
              />
            </BudgetRow>
          ))}
        />
      )}
      {raising && (
        <BudgetForm
          session={session.id}
          orders={orders}
          meant={{
            name: orderName(raising, session.budgets, loaded),
            limit: amount(raising.limit, raising.unit),
          }}
          onClose={() => setRaising(null)}
        />
      )}
    </section>
  );
}

/** What stands out; where nothing does, that. */
function Marks({
  facts,
  muted,
  redacted,
  quiet,
}: {
  facts: FactsView;
  muted: number;
  redacted: number;
  quiet: boolean;
}) {
  const { session, run, history } = facts;
  const marks: ReactNode[] = session.taints.map((taint) => (
    <Pill key={`t ${taint}`} tone="policy" icon={ShieldAlert} title={`session.taints holds ${taint}`}>
      {taint}
    </Pill>
  ));
  if (session.risk > 0)
    marks.push(
      <Pill key="risk" tone="policy" icon={TrendingUp} title="session.risk">
        risk {risk(session.risk)}
      </Pill>,
    );
  if (run.tool_errors > 0)
    marks.push(
      <Pill key="errors" tone="error" icon={TriangleAlert} title={run.errors.join("\n")}>
        {plural(run.tool_errors, "tool error")} in this run
        {run.tool_errors_in_row > 1 && `, ${count(run.tool_errors_in_row)} in a row`}
      </Pill>,
    );
  if (redacted > 0)
    marks.push(
      <Pill key="redacted" tone="policy" icon={EyeOff} title="Values that the other side gets a token for">
        {plural(redacted, "value")} redacted
      </Pill>,
    );
  for (const shadow of [false, true]) {
    const fired = history.filter((one) => one.shadow === shadow);
    if (fired.length === 0) continue;
    marks.push(
      <Pill
        key={`fired ${shadow}`}
        tone="policy"
        icon={Gavel}
        dashed={shadow}
        title={fired.map((one) => `${one.policy}/${one.rule}`).join("\n")}
      >
        {plural(fired.length, "rule")} {shadow ? "would have fired" : "fired"}
      </Pill>,
    );
  }
  if (muted > 0) marks.push(<Pill key="muted">{plural(muted, "rule")} muted</Pill>);
  if (marks.length === 0)
    return quiet ? null : <span className="truncate text-faint">nothing out of the ordinary</span>;
  return marks;
}
