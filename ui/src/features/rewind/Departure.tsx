// Where a rewound run left the record: why, and recorded request ↔ this request, only what differs.
import { useParams } from "@tanstack/react-router";
import { History } from "lucide-react";
import type { ExchangeView, RewindDifference } from "@/bridge";
import { useText } from "@/bridge/text";
import { WHY } from "@/model/rewind";
import { Difference } from "../step/Difference";

export function Departure({ exchange }: { exchange: ExchangeView }) {
  const { rewind, replayed_from } = exchange;
  if (rewind === null && replayed_from === null) return null;
  if (rewind === null) {
    return (
      <p className="flex shrink-0 items-center gap-1.5 px-3 pb-2 text-muted text-sm">
        <History size={13} className="shrink-0" />
        <span>
          Served from the record of <code className="font-mono text-xs">{replayed_from}</code>: no model was called,
          nothing was paid.
        </span>
      </p>
    );
  }
  return (
    <section
      aria-label="Where the rewind ended"
      className="max-h-[45%] shrink-0 overflow-y-auto border-line border-t bg-panel"
    >
      <p className="flex items-center gap-1.5 px-3 py-1.5 text-sm">
        <History size={13} className="shrink-0 text-human" />
        <span>
          <span className="font-medium">Live from here:</span> {WHY[rewind.why]}
          {rewind.recorded !== null && (
            <>
              {" "}
              · recorded <code className="font-mono text-muted text-xs">{rewind.recorded}</code>
            </>
          )}
        </span>
      </p>
      {rewind.differences.map((one) => (
        <Part key={one.place} part={one} />
      ))}
    </section>
  );
}

function Part({ part }: { part: RewindDifference }) {
  const { exchange } = useParams({ strict: false });
  const recorded = useText(part.recorded);
  const now = useText(part.now);
  const before = recorded.body?.text;
  const after = now.body?.text;
  return (
    <div className="border-line border-t">
      <h3 className="px-3 pt-1 text-faint text-xs">{part.place}</h3>
      {before !== undefined && after !== undefined && (
        <Difference
          key={exchange}
          before={before}
          after={after}
          label={`${part.place}: recorded request and this request`}
        />
      )}
    </div>
  );
}
