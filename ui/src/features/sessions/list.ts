// The list's order is frozen while someone reads; live rows change in place and new ones wait to be let in.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { SessionView } from "@/bridge";
import { sessionHead, sessionPages } from "@/bridge/queries";

export function useSessionList(query: string, pinned: boolean) {
  const pages = useInfiniteQuery(sessionPages(query));
  const head = useQuery(sessionHead(query));

  const listed = useMemo(() => pages.data?.pages.flatMap((page) => page.sessions) ?? [], [pages.data]);
  const merged = useMemo(() => merge(listed, head.data?.sessions ?? [], pinned), [listed, head.data, pinned]);
  return {
    ...merged,
    error: pages.error ?? head.error,
    loading: pages.isPending,
    hasMore: pages.hasNextPage,
    loadMore: () => {
      if (pages.hasNextPage && !pages.isFetchingNextPage) void pages.fetchNextPage();
    },
    /** Lets the waiting rows in: the list is read anew. */
    refresh: () => void pages.refetch(),
  };
}

/** Listed rows with the newest known figures; and how many sessions arrived since. Unpinned: the newest order on top. */
export function merge(
  listed: SessionView[],
  head: SessionView[],
  pinned: boolean,
): { sessions: SessionView[]; fresh: number } {
  const latest = new Map(head.map((session) => [session.id, session]));
  if (!pinned) {
    return { sessions: [...head, ...listed.filter((session) => !latest.has(session.id))], fresh: 0 };
  }
  const known = new Set(listed.map((session) => session.id));
  const fresh = head.filter((session) => !known.has(session.id)).length;
  return { sessions: listed.map((session) => latest.get(session.id) ?? session), fresh };
}
