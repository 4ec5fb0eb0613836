// The alerts of this page: what was told, and which notices were put away.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { create } from "zustand";
import { alerts } from "@/bridge/queries";
import { type Told, told } from "@/model/alerts";

type Store = { since: number; dismissed: ReadonlySet<string>; dismiss: (ids: string[]) => void };

/** Notices are of what is told from the page's opening on; the list has what came before. */
export const useNotices = create<Store>((set) => ({
  since: Date.now(),
  dismissed: new Set(),
  dismiss: (ids) => set(({ dismissed }) => ({ dismissed: new Set([...dismissed, ...ids]) })),
}));

/** Newest first. */
export function useAlerts(): Told[] {
  const { data } = useQuery(alerts);
  return useMemo(() => (data?.interventions ?? []).flatMap((act) => told(act) ?? []), [data]);
}
