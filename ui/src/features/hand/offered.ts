// Which tools the agent offers: read from the body of its latest request.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { call } from "@/bridge";
import { oneExchange } from "@/bridge/queries";
import { useBody } from "@/bridge/text";
import { readRequest, type ToolDefinition } from "@/model/dialect";

/** The tools on offer in one exchange; undefined until they are read. */
export function useToolsOf(exchange: string | undefined): ToolDefinition[] | undefined {
  const data = useQuery({ ...oneExchange(exchange ?? ""), enabled: exchange !== undefined }).data;
  const { body } = useBody(data?.agent_request);
  return useMemo(() => (data && body ? (readRequest(data.dialect, body.text)?.tools ?? []) : undefined), [data, body]);
}

/** The tools on offer in the latest request of a session. */
export function useOffered(session: string): ToolDefinition[] | undefined {
  const latest = useQuery({
    queryKey: ["timeline", session, "latest"],
    queryFn: async ({ signal }) => {
      const { total } = await call("list_timeline", { session, from: 0, count: 1 }, signal);
      const { rows } = await call("list_timeline", { session, from: Math.max(0, total - 20), count: 20 }, signal);
      return rows.findLast((row) => row.kind === "model" && !row.side_call)?.exchange ?? null;
    },
  }).data;
  const tools = useToolsOf(latest ?? undefined);
  return latest === null ? [] : tools;
}
