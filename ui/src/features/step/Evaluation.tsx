// One rule's look at one moment of a step, as a row with what it read.
import { Link } from "@tanstack/react-router";
import { Check, CircleAlert, Minus } from "lucide-react";
import type { VerdictView } from "@/bridge";
import { count, exactTime } from "@/model/format";
import { Pill } from "@/widgets/tone";
import { Values } from "./Values";

const LOOKS = {
  failed: { icon: CircleAlert, tone: "text-error", word: "failed" },
  matched: { icon: Check, tone: "text-policy", word: "true" },
  unmatched: { icon: Minus, tone: "text-faint", word: "false" },
};

export function Evaluation({ verdict }: { verdict: VerdictView }) {
  const {
    icon: Icon,
    tone,
    word,
  } = LOOKS[verdict.error !== null ? "failed" : verdict.matched ? "matched" : "unmatched"];
  const took = verdict.recomputed
    ? "Evaluated again just now, from what was recorded and the policy that was in force"
    : `Evaluated ${exactTime(Date.parse(verdict.at))}`;
  return (
    <li className="border-line border-b px-3 py-1.5 text-sm">
      <div className="flex h-5 items-center gap-2">
        <Icon size={13} className={`shrink-0 ${tone}`} />
        <Link
          to="/policies/$name"
          params={{ name: verdict.policy }}
          search={{ rule: verdict.rule }}
          title={`Rule ${verdict.rule} of policy ${verdict.policy}: open it in the editor`}
          className="min-w-0 truncate font-medium hover:underline"
        >
          {verdict.rule}
        </Link>
        <span className={`shrink-0 ${tone}`}>{word}</span>
        <span className="shrink-0 font-mono text-faint text-xs">{verdict.point}</span>
        {verdict.mode !== "enforce" && <Pill dashed>{verdict.mode}</Pill>}
        <span
          className="ml-auto min-w-0 truncate text-faint text-xs"
          title={`Policy ${verdict.policy}, version ${verdict.version}`}
        >
          {verdict.policy}
        </span>
        <span className="num min-w-14 shrink-0 text-muted text-xs" title={took}>
          {verdict.recomputed ? "recomputed" : `${count(verdict.micros)} µs`}
        </span>
      </div>
      {verdict.error !== null && <p className="break-words pl-5 text-error">{verdict.error}</p>}
      {Object.keys(verdict.values ?? {}).length > 0 && (
        <div className="mt-0.5 pl-5">
          <Values values={verdict.values} />
        </div>
      )}
    </li>
  );
}
