import {
  Bot,
  CircleAlert,
  CircleSlash,
  Loader,
  MessageSquareDot,
  ShieldAlert,
  ShieldBan,
  User,
  Wrench,
} from "lucide-react";
import { memo } from "react";
import type { RowAct, TimelineRow } from "@/bridge";
import { count, cutMiddle, duration, exactTime, money, oneLine, percent, short } from "@/model/format";
import { offset, type Range } from "@/model/strip";
import { plainClick } from "@/widgets/anchor";
import { Skeleton } from "@/widgets/states";
import { Pill, type Tone, toneText } from "@/widgets/tone";
import { isEmptyAnswer, isError } from "./seek";

export type Mode = "transcript" | "waterfall";

export const ROW_COLUMNS =
  "grid items-center gap-x-2.5 px-3 grid-cols-[36px_136px_minmax(0,1fr)_104px] @3xl:grid-cols-[40px_52px_168px_minmax(0,1fr)_52px_44px_60px_150px]";
export const ROW_WIDE = "hidden @3xl:block";

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
  onSelect: (index: number, row: TimelineRow) => void;
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
        {mode === "waterfall" && <Bar row={row} range={props.range} failed={failed} />}
        {gather(row.acts).map(({ act, times }) => (
          <ActPill key={act.id} act={act} times={times} />
        ))}
        <State row={row} />
        {mode === "transcript" && <Preview row={row} failed={failed && !isEmptyAnswer(row)} />}
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
      <Latency row={row} longest={props.longest} />
    </a>
  );
});

function Preview({ row, failed }: { row: TimelineRow; failed: boolean }) {
  const text = oneLine(row.preview ?? "");
  const proposed = row.kind === "model" ? row.tool_calls.map((call) => call.name) : [];
  // A preview of a call names it already.
  const names = proposed.length > 0 && text.startsWith(`${proposed[0]}(`);
  const calls = names && proposed.length === 1 ? [] : proposed;
  return (
    <>
      <span
        className={`truncate ${failed ? "text-error" : row.kind === "model" ? (names ? "font-mono text-[12px]" : "") : "font-mono text-[12px] text-muted"}`}
      >
        {text}
      </span>
      {calls.length > 0 && (
        <span className="flex shrink-0 items-center gap-1 text-muted text-xs" title={calls.join(", ")}>
          <Wrench size={10} className="text-tool" />
          {cutMiddle(calls[0] ?? "", 22)}
          {calls.length > 1 && ` +${calls.length - 1}`}
        </span>
      )}
    </>
  );
}

function State({ row }: { row: TimelineRow }) {
  if (isEmptyAnswer(row)) {
    return (
      <Pill tone="error" icon={CircleAlert} title="Not one token came: an error answer, or nothing">
        no answer
      </Pill>
    );
  }
  switch (row.state) {
    case "open":
      return (
        <span className="flex shrink-0 items-center gap-1 text-model text-xs">
          <Loader size={11} className="live-dot" /> open
        </span>
      );
    case "failed":
    case "interrupted":
      return row.kind === "model" ? (
        <Pill tone="error" icon={CircleAlert}>
          {row.state}
        </Pill>
      ) : (
        <CircleAlert size={12} aria-label="error" className="shrink-0 text-error" />
      );
    case "cancelled":
      return <Pill icon={CircleSlash}>cancelled</Pill>;
    case "blocked":
      return (
        <Pill tone="policy" icon={ShieldBan}>
          blocked
        </Pill>
      );
    default:
      return null;
  }
}

const ACTS: Record<string, { icon: typeof Bot; word: string; would: string }> = {
  block: { icon: ShieldBan, word: "blocked", would: "would have blocked" },
  inject: { icon: MessageSquareDot, word: "injected", would: "would have injected" },
  taint: { icon: ShieldAlert, word: "tainted", would: "would have tainted" },
};

/** To the tenth within the first minute, then to the second. */
function sinceBegin(ms: number): string {
  const grain = ms < 60_000 ? 100 : 1000;
  return offset(Math.max(0, Math.round(ms / grain) * grain));
}

/** The same act several times is one pill with a number. */
function gather(acts: RowAct[]): { act: RowAct; times: number }[] {
  const found = new Map<string, { act: RowAct; times: number }>();
  for (const act of acts) {
    const key = `${act.action} ${act.mode}`;
    const known = found.get(key);
    if (known) known.times += 1;
    else found.set(key, { act, times: 1 });
  }
  return [...found.values()];
}

type ActPillProps = {
  act: Pick<RowAct, "action" | "mode" | "summary">;
  times?: number;
  rule?: string | null;
  person?: boolean;
};

/** What an intervention did, as a pill; dashed where it only would have. */
export function ActPill({ act, times = 1, rule, person = false }: ActPillProps) {
  const known = ACTS[act.action];
  const shadow = act.mode === "shadow";
  const word = known ? (shadow ? known.would : known.word) : shadow ? `would ${act.action}` : act.action;
  return (
    <Pill tone={person ? "human" : "policy"} icon={known?.icon ?? ShieldAlert} dashed={shadow} title={act.summary}>
      {word}
      {times > 1 && ` ×${times}`}
      {rule != null && <span className="opacity-75"> {rule}</span>}
    </Pill>
  );
}

function Latency({ row, longest }: { row: TimelineRow; longest: number }) {
  const ms = row.duration_ms;
  const share = ms === null ? 0 : Math.min(1, ms / Math.max(1, longest));
  const first = ms !== null && ms > 0 && row.first_token_ms !== null ? Math.min(1, row.first_token_ms / ms) : null;
  const title =
    ms === null
      ? ""
      : `${duration(ms)}${row.first_token_ms === null ? "" : `, first token after ${duration(row.first_token_ms)}`}`;
  return (
    <span role="gridcell" className="flex items-center gap-2" title={title}>
      <span className="relative h-2 flex-1" aria-hidden>
        <span
          className={`absolute inset-y-0 left-0 rounded-sm ${row.kind === "model" ? "bg-model-line" : "bg-tool-line"}`}
          style={{ width: `${Math.max(share * 100, ms === null ? 0 : 1.5)}%` }}
        />
        {first !== null && (
          <span className="absolute -inset-y-0.5 w-px bg-ink" style={{ left: `${first * share * 100}%` }} />
        )}
      </span>
      <span className="num w-[58px] text-muted text-xs">{ms === null ? "" : duration(ms)}</span>
    </span>
  );
}

function Bar({ row, range, failed }: { row: TimelineRow; range: Range; failed: boolean }) {
  const length = Math.max(1, range.to - range.from);
  const left = (Date.parse(row.started_at) - range.from) / length;
  const width = (row.duration_ms ?? range.to - Date.parse(row.started_at)) / length;
  const color = failed ? "bg-error-solid" : row.kind === "model" ? "bg-model-solid" : "bg-tool-solid";
  const first = row.first_token_ms === null ? 0 : row.first_token_ms / length;
  return (
    <span className="absolute inset-x-0 h-3 overflow-hidden" aria-hidden>
      <span
        className={`absolute inset-y-0.5 rounded-sm ${color}`}
        style={{ left: `${left * 100}%`, width: `max(2px, ${width * 100}%)` }}
      />
      {first > 0 && (
        <span
          className="absolute inset-y-0.5 bg-canvas/50"
          style={{ left: `${left * 100}%`, width: `${first * 100}%` }}
        />
      )}
    </span>
  );
}
