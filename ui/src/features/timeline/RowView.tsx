// One row of the timeline: 28 px, whatever it holds.
import { Bot, FoldVertical, User, Wrench } from "lucide-react";
import { memo } from "react";
import type { CycleView, TimelineRow } from "@/bridge";
import { count, cutMiddle, exactTime, money, oneLine, percent, short } from "@/model/format";
import { offset, type Range } from "@/model/strip";
import { plainClick } from "@/widgets/anchor";
import { Skeleton } from "@/widgets/states";
import { Pill, type Tone, toneText } from "@/widgets/tone";
import { ActPills } from "./Acts";
import { extentOf, Latency, WaterfallBar } from "./Bars";
import type { Mode } from "./modes";
import { isEmptyAnswer, isError } from "./seek";
import { Figures, Preview, State } from "./What";

export const ROW_COLUMNS =
  "grid items-center gap-x-2.5 px-3 grid-cols-[28px_112px_minmax(0,1fr)_56px] @md:grid-cols-[36px_136px_minmax(0,1fr)_104px] @4xl:grid-cols-[40px_52px_168px_minmax(0,1fr)_52px_44px_60px_150px]";
export const ROW_WIDE = "hidden @4xl:block";

const KIND: Record<TimelineRow["kind"], { icon: typeof Bot; tone: Tone }> = {
  model: { icon: Bot, tone: "model" },
  tool: { icon: Wrench, tone: "tool" },
  mcp: { icon: Wrench, tone: "tool" },
  person: { icon: User, tone: "human" },
};

type Props = {
  row: TimelineRow | undefined;
  index: number;
  session: string;
  begun: number;
  mode: Mode;
  /** What the waterfall's width stands for. */
  range: Range;
  /** The longest duration of the visible rows, for the latency bar. */
  longest: number;
  selected: boolean;
  tab: string | undefined;
  /** The cycle that begins here and lies open. */
  opened: CycleView | undefined;
  onFold: (index: number) => void;
  /** `tab`: which of the step's tabs, unless the one that was open. */
  onSelect: (index: number, row: TimelineRow, tab?: string) => void;
};

export const RowView = memo(function RowView(props: Props) {
  const { row, index, session, begun, selected, mode } = props;
  if (!row) {
    return (
      <div className={`${ROW_COLUMNS} h-7`} role="row" aria-rowindex={index + 1} aria-busy="true">
        <Skeleton width={24} />
        <Skeleton width={36} className={ROW_WIDE} />
        <Skeleton width={110} />
        <Skeleton width={`${30 + ((index * 29) % 50)}%`} />
      </div>
    );
  }
  const { icon: Icon, tone } = KIND[row.kind] ?? KIND.tool;
  const failed = isError(row);
  const began = Date.parse(row.started_at);
  const model = row.kind === "model";
  return (
    <a
      href={`/sessions/${session}/steps/${row.exchange}${props.tab ? `?tab=${props.tab}` : ""}`}
      role="row"
      id={`step-${index}`}
      aria-rowindex={index + 1}
      aria-selected={selected}
      tabIndex={-1}
      data-testid="timeline-row"
      data-kind={row.kind}
      onClick={plainClick(() => props.onSelect(index, row))}
      className={`${ROW_COLUMNS} h-7 text-sm ${selected ? "bg-chosen" : "hover:bg-hover"} ${failed ? "shadow-[inset_2px_0_var(--red-9)]" : ""}`}
    >
      <span role="gridcell" className="num text-faint text-xs">
        {model ? row.step : ""}
      </span>
      <span role="gridcell" className={`${ROW_WIDE} num text-faint text-xs`} title={exactTime(began)}>
        {sinceBegin(began - begun)}
      </span>
      <span role="gridcell" className={`flex min-w-0 items-center gap-1.5 ${model ? "" : "pl-4"}`} title={row.name}>
        <Icon size={13} className={`shrink-0 ${toneText(failed ? "error" : tone)}`} aria-label={row.kind} />
        <span className={`truncate ${model ? "" : "font-mono text-[12px]"}`}>{cutMiddle(oneLine(row.name), 34)}</span>
        {row.side_call && (
          <span className="text-faint text-xs" title="A call beside the conversation, such as naming it">
            side
          </span>
        )}
      </span>
      <span role="gridcell" className="relative flex h-full min-w-0 items-center gap-1.5 overflow-hidden">
        {mode === "waterfall" && <WaterfallBar row={row} range={props.range} failed={failed} />}
        <span
          className="flex min-w-0 items-center gap-1.5"
          style={mode === "waterfall" ? beside(row, props.range) : {}}
        >
          {row.acts.length > 0 && (
            // biome-ignore lint/a11y/noStaticElementInteractions: a shortcut for the mouse; p is the key for it
            // biome-ignore lint/a11y/useKeyWithClickEvents: as above
            <span
              className="flex shrink-0 gap-1.5 hover:brightness-95 dark:hover:brightness-125"
              onClick={plainClick((event) => {
                event.stopPropagation();
                props.onSelect(index, row, "policy");
              })}
            >
              <ActPills acts={row.acts} />
            </span>
          )}
          <State row={row} />
          {props.opened && <Again cycle={props.opened} onFold={() => props.onFold(index)} />}
          {mode === "transcript" && <Preview row={row} failed={failed && !isEmptyAnswer(row)} />}
          {mode === "steps" && <Figures row={row} />}
        </span>
      </span>
      <span
        role="gridcell"
        className={`${ROW_WIDE} num text-muted`}
        title={model ? `${count(row.input_tokens)} tokens in, ${count(row.output_tokens)} out` : ""}
      >
        {model && row.input_tokens + row.output_tokens > 0 ? short(row.input_tokens + row.output_tokens) : ""}
      </span>
      <span
        role="gridcell"
        className={`${ROW_WIDE} num text-muted`}
        title="Share of the input served from the provider's cache"
      >
        {model && row.input_tokens > 0 ? percent(row.cached_tokens / row.input_tokens) : ""}
      </span>
      <span role="gridcell" className={`${ROW_WIDE} num text-muted`}>
        {row.cost_usd !== null && row.cost_usd > 0 ? money(row.cost_usd, row.estimated) : ""}
      </span>
      <Latency row={row} longest={props.longest} bar={mode !== "waterfall"} />
    </a>
  );
});

/** Folds the cycle that begins here again. */
function Again({ cycle, onFold }: { cycle: CycleView; onFold: () => void }) {
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a shortcut for the mouse; z is the key for it
    // biome-ignore lint/a11y/useKeyWithClickEvents: as above
    <span
      onClick={plainClick((event) => {
        event.stopPropagation();
        onFold();
      })}
    >
      <Pill icon={FoldVertical} title="Fold what repeats ( z )">
        ×{count(cycle.times)}
      </Pill>
    </span>
  );
}

/** To the tenth within the first minute, then to the second. */
export function sinceBegin(ms: number): string {
  const at = Math.max(0, ms);
  return at < 60_000 ? `${(at / 1000).toFixed(1)}s` : offset(Math.round(at / 1000) * 1000);
}

/** Pills stand right of the bar, or left of it where no room is left there. */
function beside(row: TimelineRow, range: Range): React.CSSProperties {
  const { left, width } = extentOf(row, range);
  const end = left + width;
  return end < 0.75
    ? { position: "absolute", left: `calc(${Math.max(0, end) * 100}% + 6px)` }
    : { position: "absolute", right: `calc(${(1 - Math.min(1, left)) * 100}% + 6px)` };
}
