// One intervention in full: what, who, why with the values that were read, the effect and how it is known, before and after, and what to
// do about it. Shadow ones are dashed.
import { Link } from "@tanstack/react-router";
import { PencilLine, Waypoints } from "lucide-react";
import { beginning, type InterventionView, type VerdictView } from "@/bridge";
import { came, effectWords, headline, obstacle } from "@/model/act";
import { exactTime } from "@/model/format";
import { ForkWithout } from "../fork";
import { MuteRule } from "../hand";
import { ActPill } from "../timeline";
import { BeforeAfter } from "./BeforeAfter";
import { spoken } from "./TurnView";
import { Values } from "./Values";
import { Why } from "./Why";

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
          {headline(intervention.summary, spoken(beginning(intervention.after)))}
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
        {intervention.rule !== null && <Why intervention={intervention} />}
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
