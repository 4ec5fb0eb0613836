// A row's time, drawn: beside its duration, and in the waterfall.
import type { TimelineRow } from "@/bridge";
import { duration } from "@/model/format";
import type { Range } from "@/model/strip";

type LatencyProps = { row: TimelineRow; longest: number; bar: boolean };

export function Latency({ row, longest, bar }: LatencyProps) {
  const ms = row.duration_ms;
  const share = ms === null ? 0 : Math.min(1, ms / Math.max(1, longest));
  const first = ms !== null && ms > 0 && row.first_token_ms !== null ? Math.min(1, row.first_token_ms / ms) : null;
  const title =
    ms === null
      ? ""
      : `${duration(ms)}${row.first_token_ms === null ? "" : `, first token after ${duration(row.first_token_ms)}`}`;
  return (
    <span role="gridcell" className="flex items-center gap-2" title={title}>
      <span className="relative hidden h-2 flex-1 @md:block" aria-hidden>
        {bar && (
          <span
            className={`absolute inset-y-0 left-0 rounded-[2px] ${row.kind === "model" ? "bg-model-line" : "bg-tool-line"}`}
            style={{ width: `max(${ms === null ? 0 : 2}px, ${share * 100}%)` }}
          />
        )}
        {bar && first !== null && (
          <span className="absolute -inset-y-0.5 w-px bg-ink" style={{ left: `${first * share * 100}%` }} />
        )}
      </span>
      <span className="num ml-auto @md:w-[58px] text-muted text-xs">{ms === null ? "" : duration(ms)}</span>
    </span>
  );
}

type BarProps = { row: TimelineRow; range: Range; failed: boolean };

/** Where a bar begins and ends, as shares of the width; what is still open lasts to the right edge, what was taken out no time. */
export function extentOf(row: TimelineRow, range: Range): { left: number; width: number } {
  const length = Math.max(1, range.to - range.from);
  const start = Date.parse(row.started_at);
  const lasted = row.duration_ms ?? (row.state === "open" ? Math.max(0, range.to - start) : 0);
  return { left: (start - range.from) / length, width: lasted / length };
}

export function WaterfallBar({ row, range, failed }: BarProps) {
  const { left, width } = extentOf(row, range);
  const color = failed ? "bg-error-solid" : row.kind === "model" ? "bg-model-solid" : "bg-tool-solid";
  const first = row.first_token_ms === null ? 0 : row.first_token_ms / Math.max(1, range.to - range.from);
  return (
    <span className="absolute inset-x-0 h-3 overflow-hidden" aria-hidden>
      <span
        className={`absolute inset-y-0.5 rounded-[2px] ${color}`}
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
