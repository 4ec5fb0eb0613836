// Live changes into the query cache: folded once per frame, each key refetched at most every 400 ms.
import type { QueryClient } from "@tanstack/react-query";
import { create } from "zustand";
import { type Connection, subscribe } from "@/bridge";
import { fold, nothingTouched, Pace, staleKeys } from "@/model/fold";

export const useConnection = create<{ connection: Connection }>(() => ({ connection: "connecting" }));

const GAP_MS = 400;

/** What waits for a person, and what is under way. */
const FIRST = [["escalations"], ["sessions", "head"], ["session"], ["timeline"]];

/** Runs until the returned function is called. */
export function followChanges(client: QueryClient): () => void {
  const pace = new Pace(GAP_MS);
  let touched = nothingTouched();
  let extra: string[][] = [];
  let scheduled = false;
  let later: ReturnType<typeof setTimeout> | undefined;

  const flush = () => {
    scheduled = false;
    const now = performance.now();
    const keys = pace.admit([...staleKeys(touched), ...extra], now);
    touched = nothingTouched();
    extra = [];
    // An answer that is under way may be older than the change: its question is put once more afterwards.
    pace.admit(
      keys.filter((queryKey) => client.isFetching({ queryKey }) > 0),
      now,
    );
    for (const queryKey of keys) void client.invalidateQueries({ queryKey }, { cancelRefetch: false });
    const due = pace.due(now);
    clearTimeout(later);
    if (due !== null) later = setTimeout(schedule, due);
  };
  const schedule = () => {
    if (scheduled) return;
    scheduled = true;
    // A hidden page gets no frames.
    if (document.hidden) setTimeout(flush, 1000);
    else requestAnimationFrame(flush);
  };

  let wasLost = false;
  let begun = false;
  const stop = subscribe(
    (change) => {
      fold(touched, change);
      schedule();
    },
    (connection) => {
      useConnection.setState({ connection });
      if (connection === "lost") wasLost = true;
      // What happened between the first answers and the stream's beginning was not told either.
      if (connection === "live" && !begun) {
        begun = true;
        extra = FIRST;
        schedule();
      }
      // What happened meanwhile was not told: everything on the screen is asked for again.
      if (connection === "live" && wasLost) {
        wasLost = false;
        void client.invalidateQueries();
      }
    },
  );
  return () => {
    clearTimeout(later);
    stop();
  };
}
