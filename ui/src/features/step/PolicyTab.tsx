// What was done at this step and why, then every rule that looked at it: what it read, what it concluded, how long it took.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronRight, Shield } from "lucide-react";
import { useState } from "react";
import type { ExchangeView, VerdictView } from "@/bridge";
import { exchangeInterventions } from "@/bridge/queries";
import { plural } from "@/model/format";
import { byTruth, sumWords, together } from "@/model/verdicts";
import { Empty, Failure, SkeletonRows } from "@/widgets/states";
import { Evaluation } from "./Evaluation";
import { InterventionCard } from "./InterventionCard";

export function PolicyTab({ exchange }: { exchange: ExchangeView }) {
  const acts = useQuery(exchangeInterventions(exchange.session, exchange.id));
  const done = together(acts.data ?? [], exchange.verdicts);
  const { told, rest } = byTruth(exchange.verdicts);
  if (exchange.verdicts.length + exchange.interventions.length === 0) {
    return (
      <Empty icon={Shield} title="No rule looked at this step">
        No policy matches this session.{" "}
        <Link to="/policies" className="link">
          See the policies
        </Link>
      </Empty>
    );
  }
  return (
    <div>
      {acts.error && <Failure error={acts.error} again={() => void acts.refetch()} />}
      {acts.isPending && exchange.interventions.length > 0 && <SkeletonRows rows={4} />}
      {done.map(({ act, verdict, tried }) => (
        <InterventionCard key={act.id} intervention={act} verdict={verdict} tried={tried} here />
      ))}
      {exchange.verdicts.length > 0 && (
        <p className="border-line border-b bg-panel px-3 py-1 text-muted text-sm">{sumWords(exchange.verdicts)}</p>
      )}
      <ul aria-label="Evaluations">
        {told.map((verdict, i) => (
          <Evaluation key={i} verdict={verdict} />
        ))}
      </ul>
      {rest.length > 0 && <Unmatched verdicts={rest} open={told.length + done.length === 0} />}
    </div>
  );
}

/** As many as are shown before somebody asks for more. */
const PART = 200;

function Unmatched({ verdicts, open: first }: { verdicts: VerdictView[]; open: boolean }) {
  const [open, setOpen] = useState(first);
  const [shown, setShown] = useState(PART);
  return (
    <>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="flex h-8 w-full items-center gap-1.5 border-line border-b bg-panel px-3 text-muted text-sm hover:bg-hover"
      >
        <ChevronRight size={13} className={`shrink-0 transition-transform duration-100 ${open ? "rotate-90" : ""}`} />
        {plural(verdicts.length, "evaluation")} did not match
      </button>
      {open && (
        <ul aria-label="Evaluations that did not match">
          {verdicts.slice(0, shown).map((verdict, i) => (
            <Evaluation key={i} verdict={verdict} />
          ))}
        </ul>
      )}
      {open && verdicts.length > shown && (
        <button
          type="button"
          onClick={() => setShown(shown + PART * 4)}
          className="m-3 rounded border border-edge px-2 text-sm hover:bg-hover"
        >
          Show more ({verdicts.length - shown} left)
        </button>
      )}
    </>
  );
}
