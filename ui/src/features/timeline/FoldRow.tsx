// A cycle in one row: what repeats, how often, and what all of it cost.
import { Repeat } from "lucide-react";
import type { CycleView } from "@/bridge";
import { count, cutMiddle, duration, exactTime, money, oneLine, percent, plural, short } from "@/model/format";
import type { Range } from "@/model/strip";
import { Pill } from "@/widgets/tone";
import type { Mode } from "./modes";
import { ROW_COLUMNS, ROW_WIDE, sinceBegin } from "./RowView";

type Props = {
  cycle: CycleView;
  begun: number;
  mode: Mode;
  range: Range;
  selected: boolean;
  onOpen: () => void;
};

export function FoldRow({ cycle, begun, mode, range, selected, onOpen }: Props) {
  const from = Date.parse(cycle.started_at);
  const to = Date.parse(cycle.ended_at);
  const tokens = cycle.input_tokens + cycle.output_tokens;
  const length = Math.max(1, range.to - range.from);
  return (
    <div
      role="row"
      tabIndex={-1}
      id={`step-${cycle.first}`}
      aria-rowindex={cycle.first + 1}
      aria-selected={selected}
      aria-expanded={false}
      data-testid="fold-row"
      title={`${plural(cycle.steps, "step")} that came ${cycle.times} times: ${count(cycle.rows)} rows. Click, Enter or z opens them.`}
      onClick={onOpen}
      onKeyDown={() => undefined}
      className={`${ROW_COLUMNS} h-7 cursor-pointer text-sm ${selected ? "bg-chosen" : "bg-panel hover:bg-hover"}`}
    >
      <span role="gridcell" className="num text-muted text-xs">
        ×{count(cycle.times)}
      </span>
      <span role="gridcell" className={`${ROW_WIDE} num text-faint text-xs`} title={exactTime(from)}>
        {sinceBegin(from - begun)}
      </span>
      <span role="gridcell" className="flex min-w-0 items-center gap-1.5">
        <Repeat size={13} className="shrink-0 text-muted" aria-label="repeated" />
        <span className="truncate font-mono text-[12px]">{cutMiddle(cycle.tools.map(oneLine).join(" → "), 34)}</span>
      </span>
      <span role="gridcell" className="relative flex h-full min-w-0 items-center gap-1.5 overflow-hidden">
        {mode === "waterfall" ? (
          <span
            aria-hidden
            className="absolute h-2 rounded-[2px] bg-faint"
            style={{
              left: `${((from - range.from) / length) * 100}%`,
              width: `max(2px, ${((to - from) / length) * 100}%)`,
            }}
          />
        ) : (
          <>
            <Pill icon={Repeat}>{count(cycle.rows)} rows</Pill>
            {cycle.tool_errors > 0 && <Pill tone="error">{plural(cycle.tool_errors, "error")}</Pill>}
            <span className="truncate text-muted">{oneLine(cycle.preview)}</span>
          </>
        )}
      </span>
      <span
        role="gridcell"
        className={`${ROW_WIDE} num text-muted`}
        title={`${count(tokens)} tokens, all times together`}
      >
        {short(tokens)}
      </span>
      <span role="gridcell" className={`${ROW_WIDE} num text-muted`}>
        {cycle.input_tokens > 0 ? percent(cycle.cached_tokens / cycle.input_tokens) : ""}
      </span>
      <span role="gridcell" className={`${ROW_WIDE} num text-muted`}>
        {cycle.cost_usd > 0 ? money(cycle.cost_usd) : ""}
      </span>
      <span role="gridcell" className="num text-muted text-xs">
        {duration(to - from)}
      </span>
    </div>
  );
}
