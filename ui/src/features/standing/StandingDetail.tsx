// All of it: counters of run and session side by side, marks, what rules did and what came since, what was ordered.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { FactsView, SessionDetail } from "@/bridge";
import { factRows, sinceWords } from "@/model/facts";
import { count, duration } from "@/model/format";
import { orderWords, standing } from "@/model/orders";
import { useNow } from "@/widgets/clock";
import { Ago } from "@/widgets/time";
import { Pill } from "@/widgets/tone";

type Props = {
  session: SessionDetail;
  facts: FactsView | null;
  toldAt: number;
  /** Its budgets as list items. */
  budgets: ReactNode[];
};

export function StandingDetail({ session, facts, toldAt, budgets }: Props) {
  const orders = orderWords(standing(session.orders));
  return (
    <section
      id="standing-detail"
      aria-label="What rules read"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: must be scrollable by keyboard
      tabIndex={0}
      className="grid max-h-[38vh] gap-x-8 gap-y-3 overflow-y-auto border-line border-t bg-panel px-4 py-2.5 @2xl:grid-cols-[minmax(240px,320px)_minmax(0,1fr)]"
    >
      {facts ? (
        <Counters facts={facts} toldAt={toldAt} />
      ) : (
        <p className="text-muted text-sm">No rule has looked yet.</p>
      )}
      <div className="min-w-0 space-y-3">
        {budgets.length > 0 && (
          <Part name="Budgets">
            <ul className="max-w-2xl">{budgets}</ul>
          </Part>
        )}
        {facts && <Fired facts={facts} muted={standing(session.orders).muted} />}
        {facts && <Marks facts={facts} />}
        {orders.length > 0 && (
          <Part name="Standing orders">
            <ul className="text-sm">
              {orders.map((order) => (
                <li key={order} className="break-words">
                  {order}
                </li>
              ))}
            </ul>
          </Part>
        )}
      </div>
      {facts && !facts.live && <LastLooked session={session} facts={facts} />}
    </section>
  );
}

function Part({ name, children }: { name: string; children: ReactNode }) {
  return (
    <section aria-label={name}>
      <h3 className="mb-0.5 text-muted text-xs">{name}</h3>
      {children}
    </section>
  );
}

function Counters({ facts, toldAt }: { facts: FactsView; toldAt: number }) {
  const late = useNow() - toldAt;
  return (
    <table className="w-full max-w-sm self-start text-sm [&_td]:h-[22px] [&_td]:py-0 [&_td]:pr-0 [&_td]:pl-3 [&_th]:p-0 [&_th]:font-normal">
      <thead>
        <tr className="text-muted text-xs">
          <th className="text-left">Counter</th>
          <th className="num" title="From the latest user message on">
            this run
          </th>
          <th className="num">session</th>
        </tr>
      </thead>
      <tbody>
        {factRows(facts, late).map((row) => (
          <tr key={row.variable} className={row.loud ? "font-medium" : ""}>
            <th
              scope="row"
              className="text-left text-muted"
              title={row.run === null ? `session.${row.variable}` : `run.${row.variable} and session.${row.variable}`}
            >
              {row.name}
            </th>
            <td className={`num ${row.loud && row.run !== null ? "text-ink" : ""}`}>{row.run ?? ""}</td>
            <td className="num">{row.session ?? ""}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Rules that fired, and what came since: so a policy sees whether its last action helped. */
function Fired({ facts, muted }: { facts: FactsView; muted: string[] }) {
  if (facts.history.length === 0)
    return (
      <Part name="Rules that fired">
        <p className="text-faint text-sm">None in this session so far.</p>
      </Part>
    );
  return (
    <Part name="Rules that fired, and what came since">
      <ul>
        {facts.history.map((fired) => {
          const name = `${fired.policy}/${fired.rule}`;
          return (
            <li key={`${name} ${fired.shadow}`} className="flex min-h-[22px] flex-wrap items-center gap-x-2 text-sm">
              <Link
                to="/policies/$name"
                params={{ name: fired.policy }}
                search={{ rule: fired.rule }}
                title={`Rule ${fired.rule} of policy ${fired.policy}`}
                className="min-w-0 truncate font-medium text-policy hover:underline"
              >
                {fired.rule}
              </Link>
              <span className="num" title={`history.${fired.rule}.fires_in_run and .fires_in_session`}>
                {count(fired.fires_in_run)}× this run, {count(fired.fires_in_session)}× in all
              </span>
              {fired.shadow && <Pill dashed>shadow</Pill>}
              {muted.includes(name) && <Pill tone="human">muted</Pill>}
              <span className="text-muted">
                last {duration(fired.ms_since)} {facts.live ? "ago" : "before"}; since then {sinceWords(fired)}
              </span>
            </li>
          );
        })}
      </ul>
    </Part>
  );
}

function Marks({ facts }: { facts: FactsView }) {
  const { taints, tools_seen: tools } = facts.session;
  const { errors } = facts.run;
  return (
    <>
      {taints.length > 0 && (
        <Part name="Taints">
          <p className="break-words font-mono text-[12px]">{taints.join("  ")}</p>
        </Part>
      )}
      {errors.length > 0 && (
        <Part name="Latest tool errors of this run">
          <ol className="font-mono text-[12px] leading-[18px]">
            {errors.map((error, i) => (
              <li key={i} className="[overflow-wrap:anywhere]">
                {error}
              </li>
            ))}
          </ol>
        </Part>
      )}
      {tools.length > 0 && (
        <Part name="Tools called so far">
          <p className="break-words font-mono text-[12px] text-muted">{tools.join("  ")}</p>
        </Part>
      )}
    </>
  );
}

function LastLooked({ session, facts }: { session: SessionDetail; facts: FactsView }) {
  return (
    <p className="text-muted text-sm @2xl:col-span-2">
      As they stood when rules last looked, <Ago at={facts.at} worded />
      {facts.exchange !== null && (
        <>
          , at{" "}
          <Link
            to="/sessions/$session/steps/$exchange"
            params={{ session: session.id, exchange: facts.exchange }}
            search={{ tab: "policy" }}
            className="link"
          >
            this step
          </Link>
        </>
      )}
      .
    </p>
  );
}
