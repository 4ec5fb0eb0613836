// Every rule that looked at this exchange: what it read, what it concluded, how long it took; and what was done.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check, CircleAlert, Minus, Shield } from "lucide-react";
import type { ExchangeView, InterventionView, VerdictView } from "@/bridge";
import { sessionInterventions } from "@/bridge/queries";
import { useText } from "@/bridge/text";
import { count, duration, exactTime, money } from "@/model/format";
import { Wire } from "@/widgets/code";
import { Empty } from "@/widgets/states";
import { Pill } from "@/widgets/tone";
import { ActPill } from "../timeline";
import { Difference } from "./Difference";
import { spoken } from "./TurnView";

export function PolicyTab({ exchange }: { exchange: ExchangeView }) {
  const all = useQuery(sessionInterventions(exchange.session)).data?.interventions ?? [];
  const done = all.filter((one) => one.exchange === exchange.id);
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
        <InterventionCard key={one.id} intervention={one} />
      ))}
      <ul aria-label="Evaluations">
        {exchange.verdicts.map((verdict, i) => (
          <Evaluation key={i} verdict={verdict} />
        ))}
      </ul>
    </div>
  );
}

function InterventionCard({ intervention }: { intervention: InterventionView }) {
  const { effect } = intervention;
  const shadow = intervention.mode === "shadow";
  return (
    <article
      aria-label="Intervention"
      className={`m-3 rounded border px-3 py-2 ${shadow ? "border-policy-line border-dashed" : "border-policy-line bg-policy-soft/40"}`}
    >
      <header className="flex items-baseline gap-2">
        <ActPill act={intervention} rule={intervention.rule} person={intervention.cause === "person"} />
        <h3 className="min-w-0 break-words font-medium">{intervention.summary}</h3>
        <time className="ml-auto shrink-0 text-faint text-xs" dateTime={intervention.at}>
          {exactTime(Date.parse(intervention.at))}
        </time>
      </header>
      <dl className="mt-1.5 grid grid-cols-[56px_minmax(0,1fr)] gap-x-3 gap-y-0.5 text-sm">
        <dt className="text-faint">Why</dt>
        <dd>
          {intervention.cause === "person"
            ? "A person did it."
            : `Rule ${intervention.rule} of policy ${intervention.policy}`}
          {intervention.version !== null && (
            <span className="ml-2 font-mono text-faint text-xs">{intervention.version}</span>
          )}
        </dd>
        <dt className="text-faint">Effect</dt>
        <dd className="tabular-nums">
          {effectWords(effect)} <span className="text-faint">({effect.basis})</span>
        </dd>
      </dl>
      <BeforeAfter intervention={intervention} />
    </article>
  );
}

function effectWords({ tokens, usd, ms }: InterventionView["effect"]): string {
  const signed = (value: number, words: string) => `${value > 0 ? "+" : "−"}${words}`;
  const parts = [
    tokens === 0 ? "" : signed(tokens, `${count(Math.abs(tokens))} tokens`),
    usd === 0 ? "" : signed(usd, money(Math.abs(usd))),
    ms === 0 ? "" : signed(ms, duration(Math.abs(ms))),
  ];
  return parts.filter((part) => part !== "").join(" · ") || "no tokens, money or time";
}

function BeforeAfter({ intervention }: { intervention: InterventionView }) {
  const before = useText(intervention.before).body?.text;
  const after = useText(intervention.after).body?.text;
  if (before === undefined || after === undefined || before + after === "") return null;
  return (
    <div className="mt-2 rounded border border-line bg-canvas">
      <Difference before={spoken(before)} after={spoken(after)} label="Before and after" />
    </div>
  );
}

function Evaluation({ verdict }: { verdict: VerdictView }) {
  const values = Object.entries(verdict.values ?? {});
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
      {values.length > 0 && (
        <dl className="mt-0.5 grid grid-cols-[minmax(80px,max-content)_minmax(0,1fr)] gap-x-3 pl-5 font-mono text-[12px]">
          {values.map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="text-muted">{name}</dt>
              <dd className="max-h-24 overflow-auto">
                <Wire text={typeof value === "string" ? value : JSON.stringify(value)} label={name} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  );
}
