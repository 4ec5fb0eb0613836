import { CircleCheck, CircleX, Hand, PencilLine, TimerOff, Unplug } from "lucide-react";
import type { EscalationState, EscalationView } from "@/bridge";
import { beginning } from "@/bridge";
import { exactTime, oneLine } from "@/model/format";
import { left } from "@/model/hold";
import { useNow } from "@/widgets/clock";
import { Ago } from "@/widgets/time";
import { type Tone, toneText } from "@/widgets/tone";

export const STATE_LOOK: Record<EscalationState, { icon: typeof Hand; tone: Tone }> = {
  pending: { icon: Hand, tone: "human" },
  approved: { icon: CircleCheck, tone: "ok" },
  edited: { icon: PencilLine, tone: "ok" },
  denied: { icon: CircleX, tone: "error" },
  expired: { icon: TimerOff, tone: "error" },
  orphaned: { icon: Unplug, tone: "neutral" },
};

type Props = { question: EscalationView; chosen: boolean; onChoose: () => void };

export function QuestionRow({ question, chosen, onChoose }: Props) {
  const { icon: Icon, tone } = STATE_LOOK[question.state];
  return (
    <button
      type="button"
      role="option"
      aria-selected={chosen}
      data-testid="question"
      onClick={onChoose}
      className={`flex h-11 w-full flex-col justify-center border-line border-b px-3 text-left ${chosen ? "bg-chosen" : "hover:bg-hover"}`}
    >
      <span className="flex w-full items-center gap-1.5 text-sm">
        <Icon size={12} aria-label={question.state} className={`shrink-0 ${toneText(tone)}`} />
        <span className="truncate font-mono text-[12px]">{question.tool ?? "message"}</span>
        <span className="ml-auto shrink-0 text-muted text-xs">
          {question.state === "pending" ? (
            <Deadline at={question.expires_at} />
          ) : (
            <Ago at={question.decided_at ?? question.opened_at} />
          )}
        </span>
      </span>
      <span className="w-full truncate pl-[18px] text-muted text-xs">
        {question.agent} · {oneLine(beginning(question.arguments) || question.question || question.title)}
      </span>
    </button>
  );
}

/** How long a question may still wait. */
export function Deadline({ at }: { at: string }) {
  const now = useNow();
  const ms = Date.parse(at) - now;
  return (
    <time dateTime={at} title={exactTime(Date.parse(at))} className={`tabular-nums ${ms < 60_000 ? "text-error" : ""}`}>
      {ms > 0 ? `${left(ms)} left` : "over"}
    </time>
  );
}
