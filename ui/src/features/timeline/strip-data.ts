// What the strip draws: binned by the console; where it cannot, binned here from at most 4,000 rows, saying so.
import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { call, type StripView, type TimelineRow } from "@/bridge";
import { timelineWindow, WINDOW } from "@/bridge/queries";
import { bin, LANES, type Lane, type Range, type Span } from "@/model/strip";

export type Strip = { range: Range; lanes: Record<Lane, StripLaneBins>; partial: boolean };
export type StripLaneBins = { fill: ArrayLike<number>; failed: ArrayLike<number>; row: ArrayLike<number> };

const MOST_ROWS = 4000;

export function useStrip(session: string, total: number, zoom: Range | null, width: number): Strip | undefined {
  const client = useQueryClient();
  const bins = Math.max(0, Math.min(2000, Math.floor(width)));
  const key = ["strip", session, zoom?.from ?? null, zoom?.to ?? null, bins];
  const { data } = useQuery({
    queryKey: key,
    enabled: bins > 0 && total > 0,
    queryFn: async ({ signal }) => {
      const span = zoom ? { from: new Date(zoom.from).toISOString(), to: new Date(zoom.to).toISOString() } : {};
      try {
        return fromServer(await call("get_strip", { session, bins, ...span }, signal));
      } catch (cause) {
        if (signal.aborted) throw cause;
        return await fromRows(client, session, total, zoom, bins);
      }
    },
    placeholderData: (before, query) => (query?.queryKey[1] === session ? before : undefined),
  });
  return data;
}

function fromServer(view: StripView): Strip {
  const lanes = {} as Record<Lane, StripLaneBins>;
  for (const lane of LANES) {
    const found = view.lanes.find((one) => one.lane === lane);
    lanes[lane] = found ?? { fill: [], failed: [], row: [] };
  }
  return { range: { from: Date.parse(view.from), to: Date.parse(view.to) }, lanes, partial: false };
}

async function fromRows(
  client: QueryClient,
  session: string,
  total: number,
  zoom: Range | null,
  bins: number,
): Promise<Strip> {
  const first = Math.max(0, Math.floor((total - MOST_ROWS) / WINDOW));
  const last = Math.floor(Math.max(0, total - 1) / WINDOW);
  const spans: Span[] = [];
  for (let window = first; window <= last; window += 1) {
    const staleTime = window < last - 1 ? 60_000 : 0;
    const page = await client.fetchQuery({ ...timelineWindow(session, window), staleTime });
    for (const row of page.rows) spans.push(...spansOf(row));
  }
  const range = zoom ?? extent(spans);
  const lanes = {} as Record<Lane, StripLaneBins>;
  for (const lane of LANES) lanes[lane] = bin(spans, lane, range, bins);
  return { range, lanes, partial: first > 0 };
}

function extent(spans: Span[]): Range {
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  for (const span of spans) {
    from = Math.min(from, span.start);
    to = Math.max(to, span.end);
  }
  return spans.length === 0 ? { from: 0, to: 1 } : { from, to: Math.max(to, from + 1000) };
}

export function spansOf(row: TimelineRow): Span[] {
  const start = Date.parse(row.started_at);
  const end = row.duration_ms === null ? Math.max(start, Date.now()) : start + row.duration_ms;
  const lane: Lane = row.kind === "model" ? "model" : row.kind === "person" ? "human" : "tool";
  const failed = row.state === "failed" || row.state === "interrupted";
  const spans: Span[] = [{ lane, start, end, failed, row: row.index }];
  if (row.interventions.length > 0) spans.push({ lane: "policy", start, end: start, failed: false, row: row.index });
  return spans;
}
