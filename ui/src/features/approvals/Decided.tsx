// What became of earlier questions, the latest first; each opens in full.
import { useQuery } from "@tanstack/react-query";
import { History } from "lucide-react";
import { useState } from "react";
import { allEscalations } from "@/bridge/queries";
import { useKeys } from "@/widgets/keys";
import { Empty, Failure, SkeletonRows } from "@/widgets/states";
import { Question } from "./Question";
import { QuestionRow } from "./QuestionRow";

export function Decided({ asked }: { asked: string | null }) {
  const { data, isPending, error, refetch } = useQuery(allEscalations);
  const list = (data?.escalations ?? [])
    .filter((one) => one.state !== "pending")
    .toSorted((a, b) => Date.parse(b.decided_at ?? b.opened_at) - Date.parse(a.decided_at ?? a.opened_at));
  const [chosen, setChosen] = useState<string | null>(asked);
  const current = list.find((one) => one.id === chosen) ?? list[0];
  const move = (by: number) => {
    const at = list.findIndex((one) => one.id === current?.id);
    const next = list[Math.max(0, Math.min(list.length - 1, at + by))];
    if (next) setChosen(next.id);
  };
  useKeys({ j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1) });
  if (isPending) return <SkeletonRows rows={4} />;
  if (error) return <Failure error={error} again={() => void refetch()} />;
  if (!current)
    return (
      <Empty icon={History} title="Nothing was decided yet">
        Answers to questions stay here: who asked, what was answered, and after how long.
      </Empty>
    );
  return (
    <div className="grid h-full min-h-0 grid-cols-[minmax(240px,30%)_minmax(0,1fr)]">
      <div role="listbox" aria-label="Decided questions" className="overflow-y-auto border-line border-r">
        {list.map((one) => (
          <QuestionRow key={one.id} question={one} chosen={one.id === current.id} onChoose={() => setChosen(one.id)} />
        ))}
      </div>
      <Question key={current.id} question={current} />
    </div>
  );
}
