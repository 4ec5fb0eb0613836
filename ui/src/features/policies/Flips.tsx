// What a policy's rules in shadow would have done to recorded traffic: how often, where first.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronRight, CircleDashed } from "lucide-react";
import type { FlipView } from "@/bridge";
import { policyFlips } from "@/bridge/queries";
import { changedCalls, flipWords, gravestFirst } from "@/model/flips";
import { oneLine, plural } from "@/model/format";
import { Failure } from "@/widgets/states";
import { Ago } from "@/widgets/time";

/** `shadows`: how many of its rules are in shadow. */
export function Flips({ policy, shadows }: { policy: string; shadows: number }) {
  const { data, error, refetch } = useQuery(policyFlips(policy));
  if (error) return <Failure error={error} again={() => void refetch()} />;
  if (!data) return null;
  const flips = gravestFirst(data.flips);
  const calls = changedCalls(flips);
  const rules = plural(shadows, "rule");
  return (
    <details className="group shrink-0 border-line border-b">
      <summary className="flex h-7 list-none items-center gap-2 px-4 text-sm hover:bg-hover">
        <ChevronRight
          size={12}
          className="shrink-0 text-faint transition-transform duration-100 group-open:rotate-90"
        />
        <CircleDashed size={12} className="shrink-0 text-policy" />
        <span className="truncate">
          {calls > 0
            ? `In shadow, ${rules} would have changed ${plural(calls, "call")}`
            : `In shadow, ${rules} would have changed nothing so far`}
        </span>
      </summary>
      {flips.length > 0 && (
        <ul aria-label="What shadow rules would have done" className="max-h-60 overflow-y-auto bg-panel py-1">
          {flips.map((flip) => (
            <Flip key={`${flip.rule} ${flip.action}`} flip={flip} />
          ))}
        </ul>
      )}
    </details>
  );
}

function Flip({ flip }: { flip: FlipView }) {
  return (
    <li className="px-9 py-1 text-sm">
      <p className="break-words">
        <Link
          to="/policies/$name"
          params={{ name: flip.policy }}
          search={{ rule: flip.rule }}
          className="font-medium text-policy hover:underline"
        >
          {flip.rule}
        </Link>{" "}
        <span className="text-muted">({flip.action})</span> {flipWords(flip)}
      </p>
      <ol className="pl-3">
        {flip.first.map((moment) => (
          <li key={moment.exchange} className="flex gap-3 text-muted">
            <Link
              to="/sessions/$session/steps/$exchange"
              params={{ session: moment.session, exchange: moment.exchange }}
              search={{ tab: "policy" }}
              title={moment.summary}
              className="min-w-0 truncate hover:text-ink hover:underline"
            >
              {oneLine(moment.summary.replace(/^Would have: /, ""))}
            </Link>
            <span className="num ml-auto shrink-0 text-faint text-xs">
              <Ago at={moment.at} />
            </span>
          </li>
        ))}
      </ol>
    </li>
  );
}
