// Every rule that looked at this exchange: what it read, what it concluded, how long it took; and what was done.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check, ChevronRight, CircleAlert, Minus, Shield } from "lucide-react";
import type { ExchangeView, VerdictView } from "@/bridge";
import { sessionInterventions } from "@/bridge/queries";
import { count, plural } from "@/model/format";
import { Empty } from "@/widgets/states";
import { Pill } from "@/widgets/tone";
import { InterventionCard, Values } from "./InterventionCard";

export function PolicyTab({ exchange }: { exchange: ExchangeView }) {
  const all = useQuery(sessionInterventions(exchange.session)).data?.interventions ?? [];
  const done = all.filter((one) => one.exchange === exchange.id);
  const told = exchange.verdicts.filter((verdict) => verdict.matched || verdict.error !== null);
  const rest = exchange.verdicts.filter((verdict) => !verdict.matched && verdict.error === null);
  if (exchange.verdicts.length === 0 && done.length === 0) {
    return (
      <Empty icon={Shield} title="No rule looked at this step">
        No policy matches this session.{" "}
        <Link to="/policies" className="text-model hover:underline">
          See the policies
        </Link>
      </Empty>
    );
  }
  return (
    <div>
      {done.map((one) => (
        <InterventionCard
          key={one.id}
          intervention={one}
          verdict={exchange.verdicts.find(
            (verdict) => verdict.matched && verdict.rule === one.rule && verdict.policy === one.policy,
          )}
          here
        />
      ))}
      <ul aria-label="Evaluations">
        {told.map((verdict, i) => (
          <Evaluation key={i} verdict={verdict} />
        ))}
      </ul>
      {rest.length > 0 && (
        <details className="group" open={told.length + done.length === 0}>
          <summary className="flex h-8 list-none items-center gap-1.5 border-line border-b bg-panel px-3 text-muted text-sm hover:bg-hover">
            <ChevronRight size={13} className="shrink-0 transition-transform duration-100 group-open:rotate-90" />
            {plural(rest.length, "evaluation")} did not match
          </summary>
          <ul aria-label="Evaluations that did not match">
            {rest.map((verdict, i) => (
              <Evaluation key={i} verdict={verdict} />
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

function Evaluation({ verdict }: { verdict: VerdictView }) {
  const Icon = verdict.error !== null ? CircleAlert : verdict.matched ? Check : Minus;
  const tone = verdict.error !== null ? "text-error" : verdict.matched ? "text-policy" : "text-faint";
  return (
    <li className="border-line border-b px-3 py-1.5 text-sm">
      <div className="flex h-5 items-center gap-2">
        <Icon size={13} className={`shrink-0 ${tone}`} />
        <Link to="/policies/$name" params={{ name: verdict.policy }} className="truncate font-medium hover:underline">
          {verdict.rule}
        </Link>
        <span className={`shrink-0 ${tone}`}>
          {verdict.error !== null ? "failed" : verdict.matched ? "matched" : "did not match"}
        </span>
        <span className="shrink-0 font-mono text-faint text-xs">{verdict.point}</span>
        {verdict.mode !== "enforce" && <Pill dashed>{verdict.mode}</Pill>}
        <span
          className="ml-auto shrink-0 truncate text-faint text-xs"
          title={`Policy ${verdict.policy}, version ${verdict.version}`}
        >
          {verdict.policy}
        </span>
        <span className="num w-14 shrink-0 text-muted text-xs">
          {verdict.recomputed ? "" : `${count(verdict.micros)} µs`}
        </span>
      </div>
      {verdict.error !== null && <p className="pl-5 text-error">{verdict.error}</p>}
      {Object.keys(verdict.values ?? {}).length > 0 && (
        <div className="mt-0.5 pl-5">
          <Values values={verdict.values} />
        </div>
      )}
    </li>
  );
}
