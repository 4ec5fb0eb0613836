// One intervention: what was done, why with the values that were read, what it cost, before and after.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { PencilLine, Waypoints } from "lucide-react";
import type { InterventionView, VerdictView } from "@/bridge";
import { policies } from "@/bridge/queries";
import { useText } from "@/bridge/text";
import { count, duration, exactTime, money } from "@/model/format";
import { conditionOf } from "@/model/rule";
import { Wire } from "@/widgets/code";
import { MuteRule } from "../hand";
import { ActPill } from "../timeline";
import { Difference } from "./Difference";
import { spoken } from "./TurnView";

const BUTTON =
  "inline-flex h-6 items-center gap-1.5 rounded border border-line bg-canvas px-2 text-muted text-sm hover:bg-hover hover:text-ink";

type Props = {
  intervention: InterventionView;
  /** What the rule read when it decided. */
  verdict: VerdictView | undefined;
  /** False where the step is not the one on the screen. */
  here: boolean;
};

export function InterventionCard({ intervention, verdict, here }: Props) {
  const { effect } = intervention;
  const shadow = intervention.mode === "shadow";
  return (
    <article
      aria-label="Intervention"
      className={`m-3 rounded border px-3 py-2 ${shadow ? "border-policy-line border-dashed" : "border-policy-line bg-policy-soft/40"}`}
    >
      <header className="flex items-baseline gap-2">
        <ActPill act={intervention} person={intervention.cause === "person"} />
        <h3 className="min-w-0 flex-1 break-words font-medium">{intervention.summary}</h3>
        <time className="shrink-0 text-faint text-xs" dateTime={intervention.at}>
          {exactTime(Date.parse(intervention.at)).slice(11)}
        </time>
      </header>
      <dl className="mt-1.5 grid grid-cols-[56px_minmax(0,1fr)] gap-x-3 gap-y-1 text-sm">
        <dt className="text-faint">Why</dt>
        <dd>{intervention.cause === "person" ? "A person did it." : <Reason intervention={intervention} />}</dd>
        {verdict && Object.keys(verdict.values).length > 0 && (
          <>
            <dt className="text-faint">With</dt>
            <dd>
              <Values values={verdict.values} />
            </dd>
          </>
        )}
        <dt className="text-faint">Effect</dt>
        <dd className="tabular-nums">
          {effectWords(effect)} <span className="text-faint">({effect.basis})</span>
        </dd>
      </dl>
      <BeforeAfter intervention={intervention} />
      <footer className="mt-2 flex gap-2">
        {!here && (
          <Link
            to="/sessions/$session/steps/$exchange"
            params={{ session: intervention.session, exchange: intervention.exchange }}
            search={{ tab: "policy" }}
            className={BUTTON}
          >
            <Waypoints size={12} /> Open step
          </Link>
        )}
        {intervention.policy !== null && (
          <Link to="/policies/$name" params={{ name: intervention.policy }} className={BUTTON}>
            <PencilLine size={12} /> Edit rule
          </Link>
        )}
        {intervention.policy !== null && intervention.rule !== null && (
          <MuteRule session={intervention.session} rule={`${intervention.policy}/${intervention.rule}`} />
        )}
      </footer>
    </article>
  );
}

/** The rule and, where that version of it is still in force, its condition. */
function Reason({ intervention }: { intervention: InterventionView }) {
  const loaded = useQuery(policies).data?.policies.find((policy) => policy.name === intervention.policy);
  const rule =
    loaded?.version === intervention.version ? loaded?.rules.find((one) => one.id === intervention.rule) : undefined;
  const condition = rule ? conditionOf(rule.toml) : null;
  return (
    <>
      Rule <span className="font-medium">{intervention.rule}</span> of policy {intervention.policy}
      {intervention.version !== null && (
        <span className="ml-2 font-mono text-faint text-xs" title="The policy's version that decided">
          {intervention.version}
        </span>
      )}
      {condition !== null && (
        <div className="mt-1 max-h-40 overflow-auto rounded border border-line bg-canvas px-2 py-1 font-mono text-[12px]">
          <Wire text={condition} label="Condition" />
        </div>
      )}
    </>
  );
}

/** What a condition read: name and value, one a line. */
export function Values({ values }: { values: VerdictView["values"] }) {
  return (
    <dl className="grid grid-cols-[minmax(80px,max-content)_minmax(0,1fr)] gap-x-3 font-mono text-[12px]">
      {Object.entries(values).map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-muted">{name}</dt>
          <dd className="max-h-24 overflow-auto">
            <Wire text={typeof value === "string" ? value : JSON.stringify(value)} label={name} />
          </dd>
        </div>
      ))}
    </dl>
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
