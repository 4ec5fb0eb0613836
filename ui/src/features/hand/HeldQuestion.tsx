// A held question of a rule: it wants its answer here or in the inbox.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { OctagonX } from "lucide-react";
import type { HeldView } from "@/bridge";
import { oneEscalation } from "@/bridge/queries";
import { Button } from "@/widgets/button";
import { Failure, Skeleton } from "@/widgets/states";
import { AnswerQuestion } from "./AnswerQuestion";

type Props = { held: HeldView; escalation: string; onKill: () => void };

export function HeldQuestion({ held, escalation, onKill }: Props) {
  const { data, error } = useQuery(oneEscalation(escalation));
  if (error) return <Failure error={error} />;
  if (data === undefined) return <Skeleton width="40%" />;
  if (data === null) return <p className="mt-1 text-muted">This question is no longer in the record.</p>;
  return (
    <div className="mt-1.5">
      {data.question !== "" && <p className="mb-1">{data.question}</p>}
      <AnswerQuestion question={data}>
        <Button icon={OctagonX} word="Kill" says="End the session" onClick={onKill} />
        <Link
          to="/approvals"
          search={{ id: held.cause_id ?? "" }}
          className="ml-auto text-model text-sm hover:underline"
        >
          Open in Approvals
        </Link>
      </AnswerQuestion>
    </div>
  );
}
