// How long the held client will still wait, drawn and in words.
import { Hourglass } from "lucide-react";
import type { HeldView } from "@/bridge";
import { left, patience, waitingWords } from "@/model/hold";
import { useNow } from "@/widgets/clock";

export function Patience({ held }: { held: HeldView }) {
  const now = useNow();
  const waits = patience(held, now);
  if (!waits.known) {
    return (
      <span className="inline-flex items-center gap-1 text-muted" title={waitingWords(held)}>
        <Hourglass size={12} /> no limit known
      </span>
    );
  }
  const near = waits.share < 0.25;
  return (
    <span
      className={`inline-flex items-center gap-1.5 tabular-nums ${near ? "text-error" : "text-muted"}`}
      title={waitingWords(held)}
    >
      <Hourglass size={12} />
      <span aria-hidden className="h-1.5 w-16 overflow-hidden rounded-full bg-chosen">
        <span
          className={`block h-full ${near ? "bg-error-solid" : "bg-human-solid"}`}
          style={{ width: `${waits.share * 100}%` }}
        />
      </span>
      {waits.left > 0 ? `waits ${left(waits.left)} more` : "its time is over"}
    </span>
  );
}
