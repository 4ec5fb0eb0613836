// What stood there and what came of it, as a difference; of an answer that was ended early, how far it can be trusted.
import type { InterventionView } from "@/bridge";
import { MOST, useText } from "@/bridge/text";
import { confidenceOf } from "@/model/act";
import { bytes, percent } from "@/model/format";
import { Wire } from "@/widgets/code";
import { GaugeBar } from "@/widgets/gauge";
import { Failure, Skeleton } from "@/widgets/states";
import { Difference } from "./Difference";
import { spoken } from "./TurnView";

/** These hold something up and change nothing of it. */
const ABOUT = new Set(["escalate", "pause"]);

export function BeforeAfter({ intervention }: { intervention: InterventionView }) {
  const before = useText(intervention.before);
  const after = useText(intervention.after);
  const error = before.error ?? after.error;
  if (error) return <Failure error={error} />;
  if (!before.body || !after.body) return <Skeleton width="60%" className="mt-2" />;
  const { summary } = intervention;
  // A mark stands whole in the headline.
  const told = before.body.text === "" && summary.endsWith(`“${after.body.text}”`);
  if (told || before.body.text + after.body.text === "") return null;
  const cut = [before.body, after.body].filter((body) => !body.whole);
  return (
    <div className="mt-2 rounded border border-line bg-canvas">
      <Confidence note={after.body.text} />
      <div className="max-h-[420px] overflow-y-auto">
        {ABOUT.has(intervention.action) && after.body.text === "" ? (
          <div className="px-2 py-1.5 font-mono text-[12px]">
            <Wire text={spoken(before.body.text)} label="What it is about" />
          </div>
        ) : (
          <Difference before={spoken(before.body.text)} after={spoken(after.body.text)} label="Before and after" />
        )}
      </div>
      {cut.length > 0 && (
        <p className="border-line border-t px-2 py-1 text-muted text-sm">
          Only the first {bytes(MOST)} are compared here; the whole stands in the export.
        </p>
      )}
    </div>
  );
}

function Confidence({ note }: { note: string }) {
  const confidence = confidenceOf(note);
  if (confidence === null) return null;
  return (
    <section aria-label="Confidence" className="border-line border-b px-2 py-1.5 text-sm">
      <p className="flex items-center gap-2">
        Confidence <GaugeBar solid={confidence.share} className="w-24" />
        <span className="font-medium tabular-nums">{percent(confidence.share)}</span>
        <span className="text-muted">computed from</span>
      </p>
      <ul className="mt-0.5 list-disc pl-5 text-muted">
        {confidence.reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
    </section>
  );
}
