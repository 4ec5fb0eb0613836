// Interventions as pills.
import {
  Archive,
  BellOff,
  BellRing,
  Check,
  CircleSlash,
  CircleStop,
  Coins,
  EyeOff,
  FastForward,
  Filter,
  Gauge,
  Hand,
  Hourglass,
  MessageSquareDot,
  OctagonX,
  Pause,
  PencilLine,
  Play,
  Replace,
  RotateCw,
  Scissors,
  ShieldAlert,
  ShieldBan,
  Shrink,
  Shuffle,
  StepForward,
  Undo2,
  Wrench,
} from "lucide-react";
import type { RowAct } from "@/bridge";
import { came } from "@/model/act";
import { Pill } from "@/widgets/tone";

const ACTS: Record<string, { icon: typeof ShieldBan; word: string; would: string }> = {
  block: { icon: ShieldBan, word: "blocked", would: "would have blocked" },
  inject: { icon: MessageSquareDot, word: "injected", would: "would have injected" },
  escalate: { icon: Hand, word: "asked a person", would: "would have asked" },
  approve: { icon: Check, word: "approved", would: "would have approved" },
  deny: { icon: ShieldBan, word: "denied", would: "would have denied" },
  edit: { icon: PencilLine, word: "approved edited", would: "would have edited" },
  expire: { icon: Hourglass, word: "expired", would: "would have expired" },
  pause: { icon: Pause, word: "paused", would: "would have paused" },
  edit_request: { icon: PencilLine, word: "request edited", would: "would have edited" },
  edit_response: { icon: PencilLine, word: "answer edited", would: "would have edited" },
  answer: { icon: MessageSquareDot, word: "answered", would: "would have answered" },
  resume: { icon: Play, word: "resumed", would: "would have resumed" },
  step: { icon: StepForward, word: "stepped", would: "would have stepped" },
  step_over: { icon: FastForward, word: "stepped over tools", would: "would have stepped" },
  model: { icon: Replace, word: "model switched", would: "would have switched" },
  tools: { icon: Wrench, word: "tools changed", would: "would have changed tools" },
  budget: { icon: Coins, word: "budget raised", would: "would have raised" },
  mute: { icon: BellOff, word: "rule muted", would: "would have muted" },
  rollback: { icon: Undo2, word: "rolled back", would: "would have rolled back" },
  kill: { icon: OctagonX, word: "ended", would: "would have ended" },
  taint: { icon: ShieldAlert, word: "tainted", would: "would have tainted" },
  reroute: { icon: Shuffle, word: "rerouted", would: "would have rerouted" },
  limit: { icon: Gauge, word: "limited", would: "would have limited" },
  stop: { icon: OctagonX, word: "ended", would: "would have ended" },
  alert: { icon: BellRing, word: "alerted", would: "would have alerted" },
  compact: { icon: Shrink, word: "compacted", would: "would have compacted" },
  truncate: { icon: Scissors, word: "result cut", would: "would have cut" },
  extract: { icon: Filter, word: "fields kept", would: "would have kept fields" },
  redact: { icon: EyeOff, word: "redacted", would: "would have redacted" },
  replace: { icon: Replace, word: "replaced", would: "would have replaced" },
  retry: { icon: RotateCw, word: "retried", would: "would have retried" },
  cached: { icon: Archive, word: "answered from cache", would: "would have answered from cache" },
  partial: { icon: CircleStop, word: "ended early", would: "would have ended early" },
  delay: { icon: Hourglass, word: "delayed", would: "would have delayed" },
};

/** What was tried and did not apply, where “could not” and the action's name is no English. */
const COULD_NOT: Record<string, string> = { cached: "nothing cached", partial: "could not end early" };

/** The same act several times is one pill with a number; what was done stands before what would have been. */
function gather(acts: RowAct[]): { act: RowAct; times: number }[] {
  const found = new Map<string, { act: RowAct; times: number }>();
  for (const act of acts) {
    const key = `${act.action} ${act.mode} ${came(act)}`;
    const known = found.get(key);
    if (known) known.times += 1;
    else found.set(key, { act, times: 1 });
  }
  const order = ["done", "shadow", "not applied"];
  return [...found.values()].sort((a, b) => order.indexOf(came(a.act)) - order.indexOf(came(b.act)));
}

type ActPillProps = {
  act: Pick<RowAct, "action" | "mode" | "summary">;
  times?: number;
  rule?: string | null;
  person?: boolean;
};

/** What only people do. */
const BY_HAND = new Set(
  "approve deny edit resume step step_over edit_request edit_response answer model tools budget mute rollback kill pause".split(
    " ",
  ),
);

/** Where nobody says whose it was: rules roll back too, in words of their own. */
const isByHand = ({ action, summary }: RowAct | ActPillProps["act"]): boolean =>
  BY_HAND.has(action) && !/^(Would have: )?Rolled back /.test(summary);

/** What an intervention did, as a pill; dashed where it only would have. */
export function ActPill({ act, times = 1, rule, person }: ActPillProps) {
  const known = ACTS[act.action];
  const how = came(act);
  const spoken = act.action.replaceAll("_", " ");
  const words = {
    done: known?.word ?? spoken,
    shadow: known?.would ?? `would ${spoken}`,
    "not applied": COULD_NOT[act.action] ?? `could not ${spoken}`,
  };
  return (
    <Pill
      tone={how === "not applied" ? "neutral" : (person ?? isByHand(act)) ? "human" : "policy"}
      icon={how === "not applied" ? CircleSlash : (known?.icon ?? ShieldAlert)}
      dashed={act.mode === "shadow"}
      title={act.summary}
    >
      {words[how]}
      {times > 1 && ` ×${times}`}
      {rule != null && ` ${rule}`}
    </Pill>
  );
}

/** By the list's width: so many kinds of acts stand in a row, and the others are counted. */
const WIDTHS = [
  { shown: 1, from: "", only: "flex @md:hidden" },
  { shown: 2, from: "hidden @md:flex", only: "hidden @md:flex @4xl:hidden" },
  { shown: 3, from: "hidden @4xl:flex", only: "hidden @4xl:flex" },
];

export function ActPills({ acts }: { acts: RowAct[] }) {
  const gathered = gather(acts);
  // One more takes no more room than its number would.
  const most = WIDTHS.map(({ shown }) => (gathered.length > shown + 1 || shown === 1 ? shown : gathered.length));
  return (
    <>
      {gathered.slice(0, most.at(-1)).map(({ act, times }, i) => (
        <span key={act.id} className={i === 0 ? "flex" : WIDTHS[most.findIndex((shown) => i < shown)]?.from}>
          <ActPill act={act} times={times} />
        </span>
      ))}
      {WIDTHS.map(({ only }, i) => (
        <More key={only} acts={gathered.slice(most[i])} className={only} />
      ))}
    </>
  );
}

function More({ acts, className }: { acts: { act: RowAct }[]; className: string }) {
  if (acts.length === 0) return null;
  return (
    <span className={className}>
      <Pill tone="policy" title={acts.map(({ act }) => act.summary).join("\n")}>
        +{acts.length}
      </Pill>
    </span>
  );
}
