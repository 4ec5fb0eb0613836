// What the rules of a session read now: one line under its head, which opens to all of it.
import { ChevronRight, EyeOff, Gavel, ShieldAlert, TrendingUp, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import type { FactsView, SessionDetail } from "@/bridge";
import { risk } from "@/model/facts";
import { count, plural } from "@/model/format";
import { standing } from "@/model/orders";
import { useKeys } from "@/widgets/keys";
import { useRemembered } from "@/widgets/remembered";
import { Pill } from "@/widgets/tone";
import { StandingDetail } from "./StandingDetail";

type Props = {
  session: SessionDetail;
  /** When it was told, by this machine's clock. */
  toldAt: number;
};

export function StandingLine({ session, toldAt }: Props) {
  const [open, setOpen] = useRemembered("standing-open", false);
  const { facts } = session;
  useKeys({ s: () => setOpen(!open) });
  if (facts === null) return null;
  return (
    <section aria-label="Standing" className="@container shrink-0 border-line border-b">
      <div className="flex h-7 items-center gap-2 overflow-x-auto px-3 text-sm [scrollbar-width:none]">
        <button
          type="button"
          aria-expanded={open}
          aria-controls="standing-detail"
          title="What the rules of this session read ( s )"
          onClick={() => setOpen(!open)}
          className="-ml-1 flex h-5 shrink-0 items-center gap-1 rounded px-1 text-muted hover:bg-hover hover:text-ink"
        >
          <ChevronRight size={12} className={`transition-transform duration-100 ${open ? "rotate-90" : ""}`} />
          {facts.live ? "Rules read" : "Rules last read"}
        </button>
        <Marks
          facts={facts}
          muted={standing(session.orders).muted.length}
          redacted={standing(session.orders).redacted}
        />
      </div>
      {open && <StandingDetail session={session} facts={facts} toldAt={toldAt} />}
    </section>
  );
}

/** What stands out; where nothing does, that. */
function Marks({ facts, muted, redacted }: { facts: FactsView; muted: number; redacted: number }) {
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
  if (marks.length === 0) return <span className="truncate text-faint">nothing out of the ordinary</span>;
  return marks;
}
