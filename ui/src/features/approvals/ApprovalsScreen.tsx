// Calls that wait for a person. No action that asks exists yet, so what is there can only be read.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Hand } from "lucide-react";
import { beginning } from "@/bridge";
import { escalations } from "@/bridge/queries";
import { oneLine } from "@/model/format";
import { Empty, SkeletonRows } from "@/widgets/states";
import { Ago } from "@/widgets/time";

export function ApprovalsScreen() {
  const { data, isPending } = useQuery(escalations);
  const waiting = data?.escalations ?? [];
  return (
    <section aria-label="Approvals" className="flex h-full flex-col">
      <header className="flex h-11 shrink-0 items-center border-line border-b px-3">
        <h1 className="font-semibold">Approvals</h1>
      </header>
      {isPending && <SkeletonRows rows={4} />}
      {!isPending && waiting.length === 0 && (
        <Empty icon={Hand} title="Nothing waits for a person">
          No rule can ask for one yet: rules can inject, block and taint.{" "}
          <Link to="/policies" className="text-model hover:underline">
            See what the policies do
          </Link>
        </Empty>
      )}
      <ul>
        {waiting.map((one) => (
          <li key={one.id} className="border-line border-b">
            <Link
              to="/sessions/$session/steps/$exchange"
              params={{ session: one.session, exchange: one.exchange }}
              search={{ tab: "policy" }}
              className="flex h-7 items-center gap-3 px-3 text-sm hover:bg-hover"
            >
              <span className="text-human">{one.state}</span>
              <span className="font-mono text-[12px]">{one.tool ?? "message"}</span>
              <span className="truncate text-muted">{oneLine(beginning(one.intent))}</span>
              <span className="ml-auto text-muted">
                <Ago at={one.opened_at} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
