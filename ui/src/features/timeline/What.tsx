// What a row says: its text, its figures, its state.
import { CircleAlert, CircleSlash, History, Loader, ShieldBan, Wrench } from "lucide-react";
import type { TimelineRow } from "@/bridge";
import { count, cutMiddle, duration, oneLine, percent, plural } from "@/model/format";
import { Pill } from "@/widgets/tone";
import { isEmptyAnswer } from "./seek";

export function Preview({ row, failed }: { row: TimelineRow; failed: boolean }) {
  // A call that failed says why; without a reason, what it was about.
  const why = failed && row.kind === "model" ? row.error : null;
  const text = oneLine(why ?? row.preview ?? "");
  const proposed = row.kind === "model" ? row.tool_calls.map((call) => call.name) : [];
  // A preview of a call names it already.
  const names = proposed.length > 0 && text.startsWith(`${proposed[0]}(`);
  const calls = names && proposed.length === 1 ? [] : proposed;
  return (
    <>
      <span
        className={`truncate ${why !== null || (failed && row.kind !== "model") ? "text-error" : row.kind === "model" ? (names ? "font-mono text-[12px]" : "") : "font-mono text-[12px] text-muted"}`}
      >
        {text || (row.kind === "tool" && row.state !== "open" ? <span className="text-faint">empty result</span> : "")}
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

const EVIDENCE: Record<string, string> = {
  flag: "the agent flagged an error",
  error_field: "an error field in the result",
  exit_code: "a non-zero exit code",
  text: "an error, by its text",
};

/** The row by its figures, for comparing steps. */
export function Figures({ row }: { row: TimelineRow }) {
  const said = row.kind === "model" ? modelFigures(row) : toolFigures(row);
  return (
    <span className="truncate text-muted tabular-nums">
      {said.map((part, i) => (
        <span key={part}>
          {i > 0 && <span className="text-faint"> · </span>}
          {part}
        </span>
      ))}
    </span>
  );
}

function modelFigures(row: TimelineRow): string[] {
  const cached = row.input_tokens > 0 ? percent(row.cached_tokens / row.input_tokens) : null;
  const speaking = ((row.duration_ms ?? 0) - (row.first_token_ms ?? 0)) / 1000;
  const speed = row.output_tokens > 0 && speaking > 0.05 ? `${(row.output_tokens / speaking).toFixed(0)} tok/s` : null;
  return [
    row.input_tokens > 0 ? `${count(row.input_tokens)} in` : null,
    cached === null ? null : `${cached} cached`,
    row.output_tokens > 0 ? `${count(row.output_tokens)} out` : null,
    row.first_token_ms === null ? null : `first token ${duration(row.first_token_ms)}`,
    speed,
    row.tool_calls.length > 0 ? plural(row.tool_calls.length, "call") : null,
  ].filter((part) => part !== null);
}

function toolFigures(row: TimelineRow): string[] {
  const evidence = row.tool_calls[0]?.error ?? null;
  if (isFromCache(row)) return ["the model got an earlier result"];
  if (row.state === "blocked") return ["taken out of the answer"];
  if (row.state === "open") return ["no result yet"];
  return [evidence === null ? "returned" : (EVIDENCE[evidence] ?? evidence)];
}

function isFromCache(row: TimelineRow): boolean {
  return row.state === "blocked" && (row.tool_calls[0]?.from_cache ?? false);
}

export function State({ row }: { row: TimelineRow }) {
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
      return isFromCache(row) ? (
        <Pill tone="policy" icon={History}>
          answered from cache
        </Pill>
      ) : (
        <Pill tone="policy" icon={ShieldBan}>
          blocked
        </Pill>
      );
    default:
      return row.replayed && row.kind === "model" ? (
        <Pill tone="human" icon={History} title="Served from the record of an earlier run: no model was called">
          replayed
        </Pill>
      ) : null;
  }
}
