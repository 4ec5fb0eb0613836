// The rows: fixed height, fetched by window, following the live end until someone scrolls.

import { Waypoints } from "lucide-react";
import { useEffect, useMemo, useRef } from "react";
import type { CycleView, TimelineRow } from "@/bridge";
import type { Range } from "@/model/strip";
import type { Signal } from "@/widgets/signal";
import { Empty } from "@/widgets/states";
import { HEAD, ROW, useRows, useScroller, VirtualRows } from "@/widgets/virtual";
import { FoldRow } from "./FoldRow";
import type { Folding } from "./fold-state";
import type { Mode } from "./modes";
import { ROW_COLUMNS, ROW_WIDE, RowView } from "./RowView";
import { useTimelineRows } from "./window";

type Props = {
  session: string;
  total: number;
  begun: number;
  mode: Mode;
  follow: boolean;
  onUnfollow: () => void;
  selected: number | null;
  onSelect: (index: number, row: TimelineRow, tab?: string) => void;
  tab: string | undefined;
  /** Scroll here when `at` changes. */
  goal: { index: number; at: number } | null;
  folding: Folding;
  view: Signal<Range | null>;
};

/** When a row, or all of a cycle, was under way. */
function spanOf(one: TimelineRow | CycleView | undefined): Range | null {
  if (!one) return null;
  const from = Date.parse(one.started_at);
  return { from, to: "ended_at" in one ? Date.parse(one.ended_at) : from + (one.duration_ms ?? 0) };
}

const HEADS: Record<Mode, string> = { transcript: "What", steps: "Figures", waterfall: "When" };

export function TimelineList(props: Props) {
  const { session, total, follow, goal, selected, view, folding } = props;
  const { folds } = folding;
  const scroller = useScroller();
  const places = folds.places(total);
  const rows = useRows(places, scroller, HEAD);
  const shown = rows.getVirtualItems().map((item) => {
    const index = folds.rowAt(item.index);
    return { place: item.index, index, cycle: folds.over(index) };
  });
  const rowAt = useTimelineRows(
    session,
    shown.filter((one) => !one.cycle).map((one) => one.index),
  );

  const touched = useRef(0);
  const userActs = () => {
    touched.current = performance.now();
  };
  useEffect(() => {
    if (follow && places > 0) rows.scrollToIndex(places - 1, { align: "end" });
  }, [follow, places, rows]);
  // Where folds change later, a goal that was reached is not gone to again.
  const latest = useRef(folds);
  latest.current = folds;
  const { known } = folding;
  useEffect(() => {
    if (goal && known) rows.scrollToIndex(latest.current.placeOf(goal.index), { align: "auto" });
  }, [goal, rows, known]);

  const { startIndex, endIndex } = rows.range ?? { startIndex: 0, endIndex: Number.POSITIVE_INFINITY };
  const seen = shown.filter(({ place }) => place >= startIndex && place <= endIndex);
  const visible = seen.map(({ index }) => rowAt(index)).filter((row) => row !== undefined);
  const spans = seen.map(({ index, cycle }) => spanOf(cycle ?? rowAt(index))).filter((span) => span !== null);
  const from = spans[0]?.from ?? null;
  const to = spans.length === 0 ? null : Math.max(...spans.map((span) => span.to));
  useEffect(() => {
    view.set(from === null || to === null ? null : { from, to });
  }, [from, to, view]);
  // Rows are drawn again only when what they show changes: the waterfall's range is nothing to a transcript, and the longest
  // duration is rounded up.
  const waterfall = props.mode === "waterfall";
  const rangeFrom = waterfall && from !== null ? from : 0;
  const rangeTo = waterfall && to !== null ? to : 1;
  const range = useMemo(() => ({ from: rangeFrom, to: Math.max(rangeTo, rangeFrom + 1) }), [rangeFrom, rangeTo]);
  const longest =
    1.3 ** Math.ceil(Math.log(Math.max(1, ...visible.map((row) => row.duration_ms ?? 0))) / Math.log(1.3));

  return (
    <div
      ref={scroller}
      role="grid"
      id="timeline-rows"
      aria-label="Timeline"
      aria-rowcount={total}
      aria-activedescendant={selected === null ? undefined : `step-${selected}`}
      tabIndex={0}
      data-testid="timeline"
      className="flex min-h-0 flex-1 flex-col overflow-y-auto"
      style={{ scrollbarGutter: "stable" }}
      onWheel={userActs}
      onTouchMove={userActs}
      onPointerDown={userActs}
      onKeyDown={userActs}
      onScroll={(event) => {
        const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
        const away = scrollHeight - scrollTop - clientHeight > 3 * ROW;
        if (follow && away && performance.now() - touched.current < 600) props.onUnfollow();
      }}
    >
      <div
        role="row"
        className={`${ROW_COLUMNS} sticky top-0 z-10 h-6 shrink-0 border-line border-b bg-canvas text-muted text-xs`}
      >
        <span role="columnheader" className="num">
          Step
        </span>
        <span role="columnheader" className={`${ROW_WIDE} num`}>
          At
        </span>
        <span role="columnheader">Model or tool</span>
        <span role="columnheader">{HEADS[props.mode]}</span>
        <span role="columnheader" className={`${ROW_WIDE} num`}>
          Tokens
        </span>
        <span role="columnheader" className={`${ROW_WIDE} num`}>
          Cached
        </span>
        <span role="columnheader" className={`${ROW_WIDE} num`}>
          Cost
        </span>
        <span role="columnheader" className="num">
          Time
        </span>
      </div>
      {total === 0 && (
        <Empty icon={Waypoints} title="No step recorded yet">
          The first request of this session is on its way.
        </Empty>
      )}
      <VirtualRows
        role="rowgroup"
        rows={rows}
        render={(place) => {
          const index = folds.rowAt(place);
          const cycle = folds.over(index);
          if (cycle) {
            const within = selected !== null && folds.over(selected) === cycle;
            return (
              <FoldRow
                cycle={cycle}
                begun={props.begun}
                mode={props.mode}
                range={range}
                selected={within}
                onOpen={() => folding.toggle(index)}
              />
            );
          }
          const row = rowAt(index);
          return (
            <RowView
              row={row}
              index={index}
              session={session}
              begun={props.begun}
              mode={props.mode}
              range={range}
              longest={longest}
              selected={index === selected}
              tab={props.tab}
              opened={folding.opened(index)}
              onFold={folding.toggle}
              onSelect={props.onSelect}
            />
          );
        }}
      />
    </div>
  );
}
