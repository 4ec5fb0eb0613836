// The rows of one session, fetched by window: only what is looked at is ever here.
import { useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import type { TimelineRow } from "@/bridge";
import { timelineTotal, timelineWindow, WINDOW } from "@/bridge/queries";

export type Timeline = {
  total: number;
  loading: boolean;
  error: unknown;
  row: (index: number) => TimelineRow | undefined;
};

/** The windows that cover these rows. */
export function windowsOf(rows: readonly number[]): number[] {
  return [...new Set(rows.map((row) => Math.floor(Math.max(0, row) / WINDOW)))];
}

export function useTimelineTotal(session: string) {
  const { data, isPending, error } = useQuery(timelineTotal(session));
  return { total: data ?? 0, loading: isPending, error };
}

/** These rows as they arrive. */
export function useTimelineRows(session: string, rows: readonly number[]): Timeline["row"] {
  const client = useQueryClient();
  const windows = windowsOf(rows);
  useQueries({ queries: windows.map((window) => timelineWindow(session, window)) });
  return (index) => {
    const window = Math.floor(index / WINDOW);
    return client.getQueryData(timelineWindow(session, window).queryKey)?.rows[index - window * WINDOW];
  };
}
