// What people make of each rule's questions: how often yes, how quickly, and whether anybody still reads them.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChartNoAxesColumn, Stamp } from "lucide-react";
import { escalationFigures } from "@/bridge/queries";
import { rubberStamped } from "@/model/escalation";
import { count, duration, percent } from "@/model/format";
import { Empty, Failure, SkeletonRows } from "@/widgets/states";
import { Pill } from "@/widgets/tone";

const HEADS = [
  "Asked",
  "Waiting",
  "Approved",
  "Edited",
  "Denied",
  "Expired",
  "Approval rate",
  "Median answer",
] as const;

export function Figures() {
  const { data, isPending, error, refetch } = useQuery(escalationFigures);
  if (isPending) return <SkeletonRows rows={4} />;
  if (error) return <Failure error={error} again={() => void refetch()} />;
  if (data.rules.length === 0)
    return (
      <Empty icon={ChartNoAxesColumn} title="No rule has asked yet">
        <Link to="/policies" className="link">
          See which rules may ask
        </Link>
      </Empty>
    );
  return (
    <div className="h-full overflow-auto">
      <table className="w-full text-sm">
        <thead>
          <tr className="h-7 border-line border-b text-muted">
            <th className="px-3 text-left font-normal">Rule</th>
            {HEADS.map((head) => (
              <th key={head} className="num px-3 font-normal">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {data.rules.map((one) => (
            <tr key={`${one.policy}/${one.rule}`} className="h-7 border-line border-b hover:bg-hover">
              <td className="px-3">
                <span className="flex items-center gap-2">
                  <Link to="/policies/$name" params={{ name: one.policy }} className="hover:underline">
                    {one.policy}/{one.rule}
                  </Link>
                  {rubberStamped(one) && (
                    <Pill
                      tone="error"
                      icon={Stamp}
                      title="Nearly every answer is yes, within seconds: allow the shape, or ask less often"
                    >
                      rubber-stamped?
                    </Pill>
                  )}
                </span>
              </td>
              {[one.asked, one.pending, one.approved, one.edited, one.denied, one.expired].map((value, i) => (
                <td key={HEADS[i]} className={`num px-3 ${value === 0 ? "text-faint" : ""}`}>
                  {count(value)}
                </td>
              ))}
              <td className="num px-3">{one.approval_rate === null ? "–" : percent(one.approval_rate)}</td>
              <td className="num px-3">{one.median_ms === null ? "–" : duration(one.median_ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
