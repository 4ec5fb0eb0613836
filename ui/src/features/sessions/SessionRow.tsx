import { CircleCheck, CirclePause, CirclePlay, Hourglass, Moon, ShieldAlert, StepForward } from "lucide-react";
import { memo, useRef } from "react";
import type { SessionState, SessionView } from "@/bridge";
import { count, cutMiddle, duration, money, oneLine, percent, short } from "@/model/format";
import { plainClick } from "@/widgets/anchor";
import { useNow } from "@/widgets/clock";
import { Ago } from "@/widgets/time";
import { type Tone, toneText } from "@/widgets/tone";

const STATES: Record<SessionState, { icon: typeof Moon; tone: Tone; live?: boolean }> = {
  running: { icon: CirclePlay, tone: "model", live: true },
  paused: { icon: CirclePause, tone: "human" },
  stepping: { icon: StepForward, tone: "human" },
  waiting: { icon: Hourglass, tone: "human" },
  idle: { icon: Moon, tone: "neutral" },
  ended: { icon: CircleCheck, tone: "neutral" },
};

/** `quiet`: running as far as anyone knows, but nothing happens just now. */
export function SessionStatus({ state, quiet = false }: { state: SessionState; quiet?: boolean }) {
  const { icon: Icon, tone, live } = STATES[state] ?? STATES.idle;
  return (
    <span className={`inline-flex items-center gap-1.5 ${toneText(tone)}`}>
      <Icon size={13} className={live && !quiet ? "live-dot" : ""} />
      {state}
    </span>
  );
}

/** The columns' shares of the width; narrow windows leave out what can be read in the session itself. */
export const COLUMNS =
  "grid items-center gap-x-2.5 px-3 grid-cols-[72px_96px_minmax(0,1fr)_52px_68px_100px_64px_44px_44px] @6xl:grid-cols-[72px_104px_minmax(0,1fr)_136px_52px_70px_144px_70px_88px_44px_44px]";
export const WIDE = "hidden @6xl:block";
export const WIDE_INLINE = "hidden @6xl:inline";

type Props = { session: SessionView; selected: boolean; place: number; onOpen: (session: string) => void };

export const SessionRow = memo(function SessionRow({ session, selected, place, onOpen }: Props) {
  const title = oneLine(session.title) || "No text yet";
  return (
    <a
      href={`/sessions/${session.id}`}
      role="row"
      id={`row-${session.id}`}
      aria-selected={selected}
      aria-rowindex={place + 2}
      tabIndex={-1}
      onClick={plainClick(() => onOpen(session.id))}
      data-testid="session-row"
      className={`${COLUMNS} relative h-7 text-sm ${selected ? "bg-chosen" : "hover:bg-hover"}`}
    >
      <span role="gridcell">
        <Pulse at={session.last_at} />
        <Status session={session} />
      </span>
      <span role="gridcell" className="truncate text-muted" title={session.agent}>
        {session.agent}
      </span>
      <span role="gridcell" className="truncate text-base" title={title}>
        {session.parent !== null && <span className="text-faint">↳ </span>}
        {title}
      </span>
      <span role="gridcell" className={`${WIDE} truncate text-muted`} title={session.models.join(", ")}>
        {cutMiddle(session.models[0] ?? "", 20)}
        {session.models.length > 1 && <span className="text-faint"> +{session.models.length - 1}</span>}
      </span>
      <span role="gridcell" className="num" title={`${count(session.steps)} steps, ${session.tool_errors} tool errors`}>
        {count(session.steps)}
      </span>
      <Elapsed session={session} />
      <span
        role="gridcell"
        className="num text-muted"
        title={`${count(session.input_tokens)} tokens in, ${count(session.cached_tokens)} of them cached, ${count(session.output_tokens)} out`}
      >
        <span className="text-ink">{short(session.input_tokens)}</span>
        <span className={WIDE_INLINE}> · {short(session.cached_tokens)}</span> · {short(session.output_tokens)}
      </span>
      <span role="gridcell" className="num">
        {money(session.cost_usd, session.estimated)}
      </span>
      <span role="gridcell" className={WIDE}>
        <ContextFill share={session.context_used} />
      </span>
      <span role="gridcell" className="num">
        {session.interventions > 0 && (
          <span className="inline-flex items-center gap-1 text-policy" title={`${session.interventions} interventions`}>
            <ShieldAlert size={12} />
            {count(session.interventions)}
          </span>
        )}
      </span>
      <span role="gridcell" className="num text-muted">
        <Ago at={session.last_at} />
      </span>
    </a>
  );
});

/** Lights the row up for a moment when something happened in it. */
function Pulse({ at }: { at: string }) {
  const first = useRef(at);
  if (at === first.current) return null;
  return <span key={at} aria-hidden className="arrived pointer-events-none absolute inset-0 opacity-60" />;
}

const QUIET_MS = 30_000;

function Status({ session }: { session: SessionView }) {
  const quiet = useNow() - Date.parse(session.last_at) > QUIET_MS;
  return <SessionStatus state={session.state} quiet={quiet} />;
}

function Elapsed({ session }: { session: SessionView }) {
  const now = useNow();
  const end = session.state === "running" ? Math.max(now, Date.parse(session.last_at)) : Date.parse(session.last_at);
  return (
    <span role="gridcell" className="num text-muted">
      {duration(Math.max(0, end - Date.parse(session.started_at)))}
    </span>
  );
}

/** How full the model's window is; nothing where the window is unknown. */
export function ContextFill({ share }: { share: number | null }) {
  if (share === null)
    return (
      <span className="text-faint" title="The model's window is unknown">
        –
      </span>
    );
  const high = share >= 0.85;
  return (
    <span className="flex items-center gap-1.5" title={`Context ${percent(share)} full`}>
      <span className="h-1.5 flex-1 overflow-hidden rounded-sm bg-edge/50">
        <span
          className={`block h-full ${high ? "bg-error-solid" : "bg-faint"}`}
          style={{ width: `${Math.min(100, share * 100)}%` }}
        />
      </span>
      <span className={`num w-9 text-xs ${high ? "text-error" : "text-muted"}`}>{percent(share)}</span>
    </span>
  );
}
