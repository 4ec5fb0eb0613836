import { Link } from "@tanstack/react-router";
import { ArrowDownToLine, ChevronLeft } from "lucide-react";
import type { SessionView } from "@/bridge";
import { count, money, oneLine, percent, short } from "@/model/format";
import { Segments } from "@/widgets/segments";
import { ContextFill, SessionStatus } from "../sessions";
import { MODE_LOOK, MODES, type Mode } from "./modes";

const SEGMENTS = MODES.map((value) => {
  const { icon, word, says } = MODE_LOOK[value];
  return { value, icon, word, says: `${word}: ${says} ( t )` };
});

type Props = {
  session: SessionView | undefined;
  mode: Mode;
  onMode: (mode: Mode) => void;
  follow: boolean;
  onFollow: () => void;
};

export function SessionHeader({ session, mode, onMode, follow, onFollow }: Props) {
  return (
    <header className="@container shrink-0 border-line border-b">
      <div className="flex h-11 items-center gap-2.5 px-3">
        <Link
          to="/sessions"
          aria-label="Back to sessions"
          className="-ml-1 rounded p-1 text-muted hover:bg-hover hover:text-ink"
        >
          <ChevronLeft size={15} />
        </Link>
        <div className="min-w-0 flex-1">
          <h1 className="truncate font-semibold" title={session?.title}>
            {session ? oneLine(session.title) || "No text yet" : "…"}
          </h1>
        </div>
        <Segments label="Mode" title="Switch mode ( t )" value={mode} onValue={onMode} segments={SEGMENTS} shy />
        <button
          type="button"
          aria-pressed={follow}
          onClick={onFollow}
          title="Follow the newest step ( f )"
          className={`flex h-6 items-center gap-1.5 rounded border px-2 text-sm ${follow ? "border-model-line bg-model-soft text-model" : "border-line text-muted hover:bg-hover hover:text-ink"}`}
        >
          <ArrowDownToLine size={12} /> {follow ? "Following" : "Follow"}
        </button>
      </div>
      {session && <Facts session={session} />}
    </header>
  );
}

function Facts({ session }: { session: SessionView }) {
  const cached = session.input_tokens > 0 ? session.cached_tokens / session.input_tokens : 0;
  return (
    <dl className="mx-3 mb-2 flex min-h-5 flex-wrap items-center gap-x-5 whitespace-nowrap text-sm">
      <Fact name="Status">
        <SessionStatus state={session.state} />
      </Fact>
      <Fact name="Agent">
        <span
          title={
            session.process
              ? `${session.process.name}, pid ${session.process.pid}, in ${session.process.folder ?? "?"}`
              : ""
          }
        >
          {session.agent}
        </span>
      </Fact>
      <Fact name="Model">
        <span title={session.models.join(", ")}>
          {session.models[0] ?? "–"}
          {session.models.length > 1 ? ` +${session.models.length - 1}` : ""}
        </span>
      </Fact>
      <Fact name="Steps">{count(session.steps)}</Fact>
      <Fact name="Cost">{money(session.cost_usd, session.estimated)}</Fact>
      {session.tool_errors > 0 && <Fact name="Tool errors">{count(session.tool_errors)}</Fact>}
      {session.interventions > 0 && (
        <Fact name="Interventions">
          <span className="text-policy">{count(session.interventions)}</span>
        </Fact>
      )}
      <Fact name="Tokens">
        <span title={`${count(session.input_tokens)} in, ${count(session.output_tokens)} out`}>
          {short(session.input_tokens)} in · {percent(cached)} cached · {short(session.output_tokens)} out
        </span>
      </Fact>
      <Fact name="Context">
        <span className="inline-block w-24 align-middle">
          <ContextFill share={session.context_used} />
        </span>
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div className="flex h-5 items-center gap-1.5">
      <dt className="text-faint text-xs">{name}</dt>
      <dd className="tabular-nums">{children}</dd>
    </div>
  );
}
