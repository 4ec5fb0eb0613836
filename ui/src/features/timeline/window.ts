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

/** The windows that cover rows `first` to `last`. */
export function windowsOf(first: number, last: number): number[] {
  const from = Math.floor(Math.max(0, first) / WINDOW);
  const to = Math.floor(Math.max(0, last) / WINDOW);
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

export function useTimelineTotal(session: string) {
  const { data, isPending, error } = useQuery(timelineTotal(session));
  return { total: data ?? 0, loading: isPending, error };
}

/** Rows `first` to `last` (both included) as they arrive. */
export function useTimelineRows(session: string, first: number, last: number): Timeline["row"] {
  const client = useQueryClient();
  const windows = windowsOf(first, last);
  useQueries({ queries: windows.map((window) => timelineWindow(session, window)) });
  return (index) => {
    const window = Math.floor(index / WINDOW);
    return client.getQueryData(timelineWindow(session, window).queryKey)?.rows[index - window * WINDOW];
  };
}
