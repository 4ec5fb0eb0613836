// Which of a session's cycles are folded: all, but for those that somebody opened.
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { CycleView } from "@/bridge";
import { sessionCycles } from "@/bridge/queries";
import { Folds } from "@/model/folds";

export type Folding = {
  /** The folded ones. */
  folds: Folds<CycleView>;
  /** The cycle that begins with a row and is open. */
  opened: (first: number) => CycleView | undefined;
  /** Opens the fold over a row, so that the row can be seen; true where there was one. */
  reveal: (row: number) => boolean;
  /** Opens or folds the cycle that a row lies in. */
  toggle: (row: number) => void;
  /** False until it is known what there is to fold. */
  known: boolean;
};

const NONE: CycleView[] = [];

export function useFolding(session: string): Folding {
  const query = useQuery(sessionCycles(session));
  const cycles = query.data?.cycles ?? NONE;
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const folds = useMemo(() => new Folds(cycles.filter((cycle) => !open.has(cycle.first))), [cycles, open]);
  const all = useMemo(() => new Folds(cycles), [cycles]);
  return {
    folds,
    known: !query.isPending,
    opened: (first) => {
      const cycle = all.over(first);
      return cycle?.first === first && open.has(first) ? cycle : undefined;
    },
    reveal: (row) => {
      const fold = folds.over(row);
      if (fold) setOpen(new Set([...open, fold.first]));
      return fold !== undefined;
    },
    toggle: (row) => {
      const cycle = all.over(row);
      if (!cycle) return;
      const next = new Set(open);
      if (!next.delete(cycle.first)) next.add(cycle.first);
      setOpen(next);
    },
  };
}
