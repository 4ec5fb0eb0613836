// What was said: the new messages open, the known ones folded, then the answer.
import { ChevronRight, CornerDownRight } from "lucide-react";
import { useMemo, useState } from "react";
import type { ExchangeView } from "@/bridge";
import { useBody } from "@/bridge/text";
import { readAnswer, readRequest, type Turn } from "@/model/dialect";
import { bytes, plural } from "@/model/format";
import { Failure, SkeletonRows } from "@/widgets/states";
import { Pill } from "@/widgets/tone";
import { TurnView } from "./TurnView";

/** Where the messages begin that were new with this request: agents resend all that was said before. */
export function newFrom(turns: Turn[], added: number): number {
  return added > 0 ? Math.max(0, turns.length - added) : turns.findLastIndex((turn) => turn.role === "assistant") + 1;
}

export function MessagesTab({ exchange }: { exchange: ExchangeView }) {
  const request = useBody(exchange.agent_request);
  const response = useBody(exchange.agent_response ?? exchange.provider_response);
  const said = useMemo(
    () => (request.body ? readRequest(exchange.dialect, request.body.text) : undefined),
    [request.body, exchange.dialect],
  );
  const answer = useMemo(
    () => (response.body ? readAnswer(exchange.dialect, response.body.text) : undefined),
    [response.body, exchange.dialect],
  );
  const [open, setOpen] = useState(false);
  if (request.error) return <Failure error={request.error} />;
  if (said === undefined) return <SkeletonRows rows={8} />;
  return (
    <div>
      {request.body && !request.body.whole && (
        <p className="px-3 py-2 text-muted">
          The request has {bytes(request.body.total)}: too much to lay out here. Raw shows its beginning.
        </p>
      )}
      {said === null ? (
        <p className="px-3 py-3 text-muted">The request is no JSON that this dialect has; Raw shows it as it is.</p>
      ) : (
        <Turns
          turns={said.turns}
          from={newFrom(said.turns, exchange.new_messages)}
          open={open}
          onOpen={() => setOpen(!open)}
        />
      )}
      <div className="flex h-7 items-center gap-1.5 border-line border-y bg-panel px-3 text-muted text-sm">
        <CornerDownRight size={13} /> Answer
        {exchange.finish !== null && <span className="text-faint">ended with {exchange.finish}</span>}
      </div>
      {answer ? (
        <>
          {answer.error !== null && (
            <p className="px-3 pt-2">
              <Pill tone="error">{answer.error}</Pill>
            </p>
          )}
          <TurnView turn={answer.turn} />
        </>
      ) : (
        <p className="px-3 py-3 text-muted">
          {exchange.state === "open" ? "The model is answering…" : (exchange.error ?? "No answer was recorded.")}
        </p>
      )}
    </div>
  );
}

function Turns({ turns, from, open, onOpen }: { turns: Turn[]; from: number; open: boolean; onOpen: () => void }) {
  const keyed = turns.map((turn, place) => ({ turn, place }));
  return (
    <>
      {from > 0 && (
        <button
          type="button"
          aria-expanded={open}
          onClick={onOpen}
          className="flex h-7 w-full items-center gap-1.5 border-line border-b bg-panel px-3 text-left text-muted text-sm hover:bg-hover"
        >
          <ChevronRight size={13} className={`transition-transform duration-100 ${open ? "rotate-90" : ""}`} />
          {plural(from, "earlier message")}, resent by the agent
        </button>
      )}
      {open && keyed.slice(0, from).map(({ turn, place }) => <TurnView key={place} turn={turn} />)}
      {keyed.slice(from).map(({ turn, place }) => (
        <TurnView key={place} turn={turn} note={<Pill>{turn.role === "assistant" ? "last answer" : "new"}</Pill>} />
      ))}
    </>
  );
}
