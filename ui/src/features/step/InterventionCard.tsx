// One intervention in full: what, who, why with the values that were read, the effect and how it is known, before and after, and what to
// do about it. Shadow ones are dashed.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { PencilLine, Waypoints } from "lucide-react";
import type { InterventionView, VerdictView } from "@/bridge";
import { policies } from "@/bridge/queries";
import { MOST, useText } from "@/bridge/text";
import { came, effectWords, obstacle } from "@/model/act";
import { bytes, exactTime } from "@/model/format";
import { conditionOf } from "@/model/rule";
import { Wire } from "@/widgets/code";
import { Failure, Skeleton } from "@/widgets/states";
import { ForkWithout } from "../fork";
import { MuteRule } from "../hand";
import { ActPill } from "../timeline";
import { Difference } from "./Difference";
import { spoken } from "./TurnView";
import { Values } from "./Values";

const BUTTON =
  "inline-flex h-6 items-center gap-1.5 rounded border border-line bg-canvas px-2 text-sm hover:bg-hover hover:text-ink";

const LOOKS = {
  done: "border-policy-line bg-policy-soft/40",
  shadow: "border-policy-line border-dashed",
  "not applied": "border-line",
};

type Props = {
  intervention: InterventionView;
  /** What the rule read when it decided. */
  verdict: VerdictView | undefined;
  /** What the same rule tried before it, in vain. */
  tried: InterventionView[];
  /** False where the step is not the one on the screen. */
  here: boolean;
};

export function InterventionCard({ intervention, verdict, tried, here }: Props) {
  const how = came(intervention);
  const person = intervention.cause === "person";
  const effect = effectWords(intervention.effect);
  return (
    <article aria-label="Intervention" className={`m-3 rounded border px-3 py-2 ${LOOKS[how]}`}>
      <header className="flex items-baseline gap-2">
        <ActPill act={intervention} person={person} />
        <h3 className="min-w-0 flex-1 whitespace-pre-wrap break-words font-medium [overflow-wrap:anywhere]">
          {intervention.summary}
        </h3>
        <time className="shrink-0 text-faint text-xs" dateTime={intervention.at} title={intervention.at}>
          {exactTime(Date.parse(intervention.at)).slice(11)}
        </time>
      </header>
      {intervention.mode === "shadow" && (
        <p className="mt-1 text-muted text-sm">In shadow: recorded only, the traffic went on unchanged.</p>
      )}
      <dl className="mt-1.5 grid grid-cols-[56px_minmax(0,1fr)] gap-x-3 gap-y-1 text-sm">
        <dt className="text-faint">Who</dt>
        <dd className="break-words">
          <Who intervention={intervention} />
        </dd>
        {intervention.rule !== null && <Condition intervention={intervention} />}
        {tried.length > 0 && (
          <>
            <dt className="text-faint">Tried</dt>
            <dd>
              <ol>
                {tried.map((one) => (
                  <li key={one.id} className="break-words">
                    <span className="font-mono text-[12px]">{one.action}</span>, which did not apply:{" "}
                    {obstacle(one.summary)}
                  </li>
                ))}
              </ol>
            </dd>
          </>
        )}
        {verdict && Object.keys(verdict.values).length > 0 && (
          <>
            <dt className="text-faint">With</dt>
            <dd>
              <Values values={verdict.values} />
            </dd>
          </>
        )}
        {how !== "not applied" && (
          <>
            <dt className="text-faint">Effect</dt>
            <dd className="tabular-nums">
              {effect.says}{" "}
              <span className="text-faint" title={`${intervention.effect.basis}: ${effect.basis}`}>
                ({intervention.effect.basis})
              </span>
            </dd>
          </>
        )}
      </dl>
      <BeforeAfter intervention={intervention} />
      <Acts intervention={intervention} here={here} />
    </article>
  );
}

function Who({ intervention }: { intervention: InterventionView }) {
  const { rule, policy, version } = intervention;
  const by = intervention.cause === "person" ? "A person" : "";
  if (rule === null) return <>{by || "The runtime"}</>;
  return (
    <>
      {by && "A person, asked by "}
      {by ? "rule " : "Rule "}
      <span className="font-medium">{rule}</span> of policy {policy}
      {version !== null && (
        <span className="ml-2 font-mono text-faint text-xs" title="The policy's version that decided">
          {version}
        </span>
      )}
    </>
  );
}

/** The rule's condition, where the version that decided is still loaded; else that it is not. */
function Condition({ intervention }: { intervention: InterventionView }) {
  const { data } = useQuery(policies);
  if (!data) return null;
  const loaded = data.policies.find((policy) => policy.name === intervention.policy);
  const rule = loaded?.rules.find((one) => one.id === intervention.rule);
  const same = loaded?.version === intervention.version && rule !== undefined;
  const condition = same ? conditionOf(rule.toml) : null;
  return (
    <>
      <dt className="text-faint">Why</dt>
      <dd>
        {condition !== null ? (
          <div className="max-h-40 overflow-auto rounded border border-line bg-canvas px-2 py-1 font-mono text-[12px]">
            <Wire text={condition} label="Condition" />
          </div>
        ) : same ? (
          "It has no condition: it always applies."
        ) : (
          <span className="text-muted">
            {loaded ? "The policy has changed since; what it read then stands below." : "The policy is loaded no more."}
          </span>
        )}
      </dd>
    </>
  );
}

function Acts({ intervention, here }: { intervention: InterventionView; here: boolean }) {
  const { session, exchange, policy, rule } = intervention;
  const named = policy !== null && rule !== null ? `${policy}/${rule}` : null;
  return (
    <footer className="mt-2 flex flex-wrap gap-2">
      {!here && (
        <Link
          to="/sessions/$session/steps/$exchange"
          params={{ session, exchange }}
          search={{ tab: "policy" }}
          className={BUTTON}
        >
          <Waypoints size={12} /> Open step
        </Link>
      )}
      {policy !== null && (
        <Link to="/policies/$name" params={{ name: policy }} search={rule === null ? {} : { rule }} className={BUTTON}>
          <PencilLine size={12} /> Edit rule
        </Link>
      )}
      {named !== null && <MuteRule session={session} rule={named} />}
      {named !== null && came(intervention) === "done" && <ForkWithout exchange={exchange} rule={named} />}
    </footer>
  );
}

function BeforeAfter({ intervention }: { intervention: InterventionView }) {
  const before = useText(intervention.before);
  const after = useText(intervention.after);
  const error = before.error ?? after.error;
  if (error) return <Failure error={error} />;
  if (!before.body || !after.body) return <Skeleton width="60%" className="mt-2" />;
  if (before.body.text + after.body.text === "") return null;
  const cut = [before.body, after.body].filter((body) => !body.whole);
  return (
    <div className="mt-2 rounded border border-line bg-canvas">
      <div className="max-h-[420px] overflow-y-auto">
        <Difference before={spoken(before.body.text)} after={spoken(after.body.text)} label="Before and after" />
      </div>
      {cut.length > 0 && (
        <p className="border-line border-t px-2 py-1 text-muted text-sm">
          Only the first {bytes(MOST)} are compared here; the whole stands in the export.
        </p>
      )}
    </div>
  );
}
