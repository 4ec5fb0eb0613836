// Finding rows that are not on the screen: the next error, the next intervention.
import type { QueryClient } from "@tanstack/react-query";
import type { TimelineRow } from "@/bridge";
import { timelineWindow, WINDOW } from "@/bridge/queries";

/** How far `next` looks before it gives up, in rows. */
export const REACH = 20_000;

export async function rowsIn(client: QueryClient, session: string, window: number): Promise<TimelineRow[]> {
  const page = await client.fetchQuery({ ...timelineWindow(session, window), staleTime: 5_000 });
  return page.rows;
}

/** The nearest row after (or before) `from` that `wanted` accepts; null where none is within reach. */
export async function findNext(
  client: QueryClient,
  session: string,
  from: number,
  total: number,
  by: 1 | -1,
  wanted: (row: TimelineRow) => boolean,
): Promise<number | null> {
  const most = Math.min(REACH, total);
  let index = from + by;
  for (let looked = 0; looked < most && index >= 0 && index < total; ) {
    const window = Math.floor(index / WINDOW);
    const rows = await rowsIn(client, session, window);
    while (Math.floor(index / WINDOW) === window && index >= 0 && index < total) {
      const row = rows[index - window * WINDOW];
      if (row && wanted(row)) return index;
      index += by;
      looked += 1;
    }
  }
  return null;
}

/** A row to stop at when looking for what went wrong: it failed, or the model call brought not one token. */
export function isError(row: TimelineRow): boolean {
  return row.state === "failed" || row.state === "interrupted" || isEmptyAnswer(row);
}

/** Complete on the wire, but an error answer of the provider or nothing at all. */
export function isEmptyAnswer(row: TimelineRow): boolean {
  const silent = row.first_token_ms === null && row.output_tokens === 0;
  return row.kind === "model" && row.state === "complete" && silent && !row.replayed;
}
