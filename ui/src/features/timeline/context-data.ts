// What the context was made of along a session, from some twenty of its requests: never from all of them.
import { useQueries } from "@tanstack/react-query";
import { useRef } from "react";
import { call, type TimelineRow } from "@/bridge";
import { readBody } from "@/bridge/text";
import { type Composition, compose, samplePlaces, share } from "@/model/composition";
import { readRequest } from "@/model/dialect";

export type Sample = { row: number; at: number; tokens: number; parts: Composition };

const MOST = 20;
/** Rows looked through for a model call at each place. */
const REACH = 8;
/** Of a larger request only the size is shown. */
const LIMIT = 1024 * 1024;

export function useContextSamples(session: string, total: number): Sample[] {
  const places = samplePlaces(total, MOST);
  // Samples stay while the one at the growing end is fetched anew.
  const known = useRef(new Map<number, Sample>());
  const found = useQueries({
    queries: places.map((place, i) => ({
      queryKey: ["context", session, place],
      staleTime: Number.POSITIVE_INFINITY,
      retry: false,
      queryFn: ({ signal }: { signal: AbortSignal }) => sample(session, place, i === places.length - 1, signal),
    })),
  });
  for (const { data } of found) if (data) known.current.set(data.row, data);
  return [...known.current.values()].sort((a, b) => a.row - b.row);
}

async function sample(session: string, place: number, last: boolean, signal: AbortSignal): Promise<Sample | null> {
  const from = last ? Math.max(0, place - REACH + 1) : place;
  const { rows } = await call("list_timeline", { session, from, count: REACH }, signal);
  const row = last ? rows.findLast(counted) : rows.find(counted);
  if (!row) return null;
  const exchange = await call("get_exchange", { exchange: row.exchange }, signal);
  const text = await readBody(exchange.sent_request ?? exchange.agent_request, LIMIT, signal);
  const said = text === null ? null : readRequest(exchange.dialect, text);
  const bytes = said ? compose(said) : { system: 0, tools: 0, history: 0, results: 0 };
  // A call that was asked again counts its input each time; the context is what one asking took.
  const asked = exchange.attempts.filter((attempt) => attempt.status === 200).length;
  const tokens = Math.round(row.input_tokens / Math.max(1, asked));
  return { row: row.index, at: Date.parse(row.started_at), tokens, parts: share(bytes, tokens) };
}

/** A call of the conversation whose tokens are known. */
function counted(row: TimelineRow): boolean {
  return row.kind === "model" && !row.side_call && row.input_tokens > 0;
}
