// Server state: one place that spells every query key, so that `model/fold` and the screens agree on them.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call, type InterventionPage, type InterventionView } from "./index";

/** Rows asked for at once; windows begin at multiples of it. */
export const WINDOW = 200;
export const FRAME_WINDOW = 500;
const PAGE = 60;

const asked = (query: string) => (query.trim() === "" ? {} : { query: query.trim() });

/** The newest sessions; refetched whenever one changes. */
export const sessionHead = (query: string) =>
  queryOptions({
    queryKey: ["sessions", "head", query],
    queryFn: ({ signal }) => call("list_sessions", { ...asked(query), limit: PAGE }, signal),
    placeholderData: keepPreviousData,
  });

/** The list as far as it was scrolled; not refetched by itself: rows must not move under the reader. */
export const sessionPages = (query: string) =>
  infiniteQueryOptions({
    queryKey: ["sessions", "pages", query],
    queryFn: ({ signal, pageParam }) =>
      call(
        "list_sessions",
        { ...asked(query), limit: PAGE, ...(pageParam === "" ? {} : { cursor: pageParam }) },
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next || undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });

export const oneSession = (session: string) =>
  queryOptions({ queryKey: ["session", session], queryFn: ({ signal }) => call("get_session", { session }, signal) });

export const timelineWindow = (session: string, window: number) =>
  queryOptions({
    queryKey: ["timeline", session, "rows", window],
    queryFn: ({ signal }) => call("list_timeline", { session, from: window * WINDOW, count: WINDOW }, signal),
  });

export const sessionCycles = (session: string) =>
  queryOptions({
    queryKey: ["cycles", session],
    queryFn: ({ signal }) => call("list_cycles", { session }, signal),
    placeholderData: keepPreviousData,
  });

export const timelineTotal = (session: string) =>
  queryOptions({
    queryKey: ["timeline", session, "total"],
    queryFn: async ({ signal }) => (await call("list_timeline", { session, from: 0, count: 1 }, signal)).total,
  });

export const oneExchange = (exchange: string) =>
  queryOptions({
    queryKey: ["exchange", exchange],
    queryFn: ({ signal }) => call("get_exchange", { exchange }, signal),
  });

/** Two exchanges' answers beside each other. */
export const comparison = (exchange: string, other: string) =>
  queryOptions({
    queryKey: ["comparison", exchange, other],
    queryFn: ({ signal }) => call("compare_exchanges", { exchange, with: other }, signal),
  });

export const frameWindow = (exchange: string, window: number) =>
  queryOptions({
    queryKey: ["frames", exchange, window],
    queryFn: ({ signal }) => call("get_frames", { exchange, from: window * FRAME_WINDOW, count: FRAME_WINDOW }, signal),
  });

/** What was done at one exchange, in its order. */
export const exchangeInterventions = (session: string, exchange: string) =>
  queryOptions({
    queryKey: ["interventions", session, exchange],
    queryFn: async ({ signal }) => {
      const done: InterventionView[] = [];
      let cursor: string | null = null;
      do {
        const page: InterventionPage = await call(
          "list_interventions",
          { session, query: `exchange:${exchange}`, limit: 200, cursor },
          signal,
        );
        done.push(...page.interventions);
        cursor = page.next;
      } while (cursor !== null);
      return done.reverse();
    },
  });

export const connections = queryOptions({
  queryKey: ["connect"],
  queryFn: ({ signal }) => call("connect", {}, signal),
  staleTime: Number.POSITIVE_INFINITY,
});

export const latestInterventions = queryOptions({
  queryKey: ["interventions", "all"],
  queryFn: ({ signal }) => call("list_interventions", { limit: 12 }, signal),
});

/** What rules told somebody, newest first. */
export const alerts = queryOptions({
  queryKey: ["alerts"],
  queryFn: ({ signal }) => call("list_interventions", { query: "action:alert mode:enforce", limit: 50 }, signal),
});

/** What waits for a person, nearest deadline first. */
export const escalations = queryOptions({
  queryKey: ["escalations", "pending"],
  queryFn: ({ signal }) => call("list_escalations", { state: "pending" }, signal),
});

/** The latest questions, whatever became of them. */
export const allEscalations = queryOptions({
  queryKey: ["escalations", "all"],
  queryFn: ({ signal }) => call("list_escalations", { limit: 300 }, signal),
});

/** Null where the record has no such question. */
export const oneEscalation = (escalation: string) =>
  queryOptions({
    queryKey: ["escalations", "one", escalation],
    queryFn: async ({ signal }) => (await call("list_escalations", { escalation }, signal)).escalations[0] ?? null,
  });

export const escalationFigures = queryOptions({
  queryKey: ["escalations", "figures"],
  queryFn: ({ signal }) => call("escalation_figures", {}, signal),
});

/** No change tells of breakpoints set elsewhere. */
export const breakpoints = queryOptions({
  queryKey: ["breakpoints"],
  queryFn: ({ signal }) => call("list_breakpoints", {}, signal),
  refetchInterval: 5_000,
});

/** Sessions that a person stopped. Its key begins as that of the lists which any session's change makes stale. */
export const pausedSessions = queryOptions({
  queryKey: ["sessions", "head", "", "paused"],
  queryFn: async ({ signal }) => {
    const pages = ["paused", "stepping"].map((state) =>
      call("list_sessions", { query: `status:${state}`, limit: 100 }, signal),
    );
    return (await Promise.all(pages)).flatMap((page) => page.sessions);
  },
});

export const policies = queryOptions({
  queryKey: ["policies", "list"],
  queryFn: ({ signal }) => call("list_policies", {}, signal),
});

export const onePolicy = (name: string) =>
  queryOptions({ queryKey: ["policies", "one", name], queryFn: ({ signal }) => call("get_policy", { name }, signal) });

/** What its rules in shadow would have done to recorded traffic. */
export const policyFlips = (policy: string) =>
  queryOptions({
    queryKey: ["policies", "flips", policy],
    queryFn: ({ signal }) => call("policy_flips", { policy }, signal),
  });

export const health = queryOptions({
  queryKey: ["health"],
  queryFn: ({ signal }) => call("health", {}, signal),
  refetchInterval: 15_000,
});

/** Figures since `from` (RFC 3339), or since ever. */
export const metrics = (from?: string) =>
  queryOptions({
    queryKey: ["metrics", from ?? "ever"],
    queryFn: ({ signal }) => call("metrics", from ? { from } : {}, signal),
    placeholderData: keepPreviousData,
  });
