// The questions that wait, one of them in full; answered by keyboard alone.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Hand } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { EscalationView } from "@/bridge";
import { escalations, oneEscalation } from "@/bridge/queries";
import { byDeadline, outcome } from "@/model/escalation";
import { useKeys } from "@/widgets/keys";
import { Empty, Failure, SkeletonRows } from "@/widgets/states";
import type { Hands } from "../hand";
import { Question } from "./Question";
import { QuestionRow } from "./QuestionRow";

/** So that a second press meant for the last question never answers the one that came into its place. */
const SETTLE_MS = 350;

export function Waiting({ asked }: { asked: string | null }) {
  const { data, isPending, error, refetch } = useQuery(escalations);
  // What was answered here may still be in a list that was asked for before.
  const [done, setDone] = useState<readonly string[]>([]);
  const list = byDeadline((data?.escalations ?? []).filter((one) => !done.includes(one.id)));
  const [chosen, setChosen] = useState<string | null>(asked);
  const [told, setTold] = useState<string | null>(null);
  const hands = useRef<Hands | null>(null);
  const since = useRef(0);
  const current = list.find((one) => one.id === chosen) ?? null;

  // The question on the screen stays there until it is answered or left: one that arrives never takes its place.
  const first = list[0]?.id ?? null;
  useEffect(() => {
    if (chosen !== null || first === null) return;
    since.current = performance.now();
    setChosen(first);
  }, [chosen, first]);

  const gone = useQuery({ ...oneEscalation(chosen ?? ""), enabled: chosen !== null && !isPending && current === null });
  // One that was answered elsewhere stays until it is left, with what became of it.
  const last = useRef<EscalationView | null>(null);
  if (current) last.current = current;
  const kept = last.current?.id === chosen ? last.current : null;
  const shown = chosen === null ? null : (current ?? gone.data ?? kept);
  const move = (by: number) => {
    const at = list.findIndex((one) => one.id === chosen);
    const next = list[Math.max(0, Math.min(list.length - 1, at + by))];
    if (next) setChosen(next.id);
  };
  const answered = (one: EscalationView) => {
    setTold(`${outcome(one)} ${one.tool ?? "the message"} of ${one.agent}`);
    const rest = list.filter((other) => other.id !== one.id);
    setDone([...done, one.id]);
    since.current = performance.now();
    setChosen(rest[0]?.id ?? null);
  };
  const settled = (act: (hands: Hands) => void) => (event: KeyboardEvent) => {
    if (event.repeat || performance.now() - since.current < SETTLE_MS || current === null) return;
    if (hands.current) act(hands.current);
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    a: settled((now) => now.approve()),
    x: settled((now) => now.deny()),
    e: settled((now) => now.edit()),
  });

  if (isPending) return <SkeletonRows rows={4} />;
  if (error) return <Failure error={error} again={() => void refetch()} />;
  return (
    <div className="flex h-full min-h-0 flex-col">
      {told !== null && (
        <p role="status" className="shrink-0 border-line border-b bg-ok-soft px-3 py-1 text-ok text-sm">
          {told}
        </p>
      )}
      {list.length === 0 && shown === null ? (
        <Nothing />
      ) : (
        <div className="grid min-h-0 flex-1 grid-cols-[minmax(240px,30%)_minmax(0,1fr)]">
          <div role="listbox" aria-label="Questions" className="overflow-y-auto border-line border-r">
            {list.map((one) => (
              <QuestionRow key={one.id} question={one} chosen={one.id === chosen} onChoose={() => setChosen(one.id)} />
            ))}
            {list.length === 0 && <p className="px-3 py-2 text-muted">No other question waits.</p>}
          </div>
          {shown && (
            <Question
              key={shown.id}
              question={shown}
              hands={hands}
              onAnswered={answered}
              {...(current ? {} : { onNext: () => setChosen(first) })}
            />
          )}
        </div>
      )}
    </div>
  );
}

function Nothing() {
  return (
    <Empty icon={Hand} title="Nothing waits for a person">
      A rule asks here with <code className="text-[12px]">do = ["escalate"]</code>.{" "}
      <Link to="/policies" className="link">
        Write one in the policies
      </Link>
      , or see{" "}
      <Link to="/approvals" search={{ tab: "decided" }} className="link">
        what was decided
      </Link>
      .
    </Empty>
  );
}
