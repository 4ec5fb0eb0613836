// A step's state and figures.
import { CircleAlert, History } from "lucide-react";
import type { ReactNode } from "react";
import type { AttemptView, ExchangeView } from "@/bridge";
import { count, duration, exactTime, money, percent } from "@/model/format";
import { Pill, type Tone } from "@/widgets/tone";

const TONES: Record<ExchangeView["state"], Tone> = {
  open: "model",
  complete: "neutral",
  answered: "policy",
  cancelled: "neutral",
  failed: "error",
  interrupted: "error",
};
const STATE_WORDS: Record<ExchangeView["state"], string> = {
  open: "open",
  complete: "complete",
  answered: "answered by the runtime",
  cancelled: "agent went away",
  failed: "failed",
  interrupted: "interrupted",
};

export function StateTag({ exchange }: { exchange: ExchangeView }) {
  const status = exchange.agent_response?.status ?? null;
  return (
    <>
      <Pill tone={TONES[exchange.state] ?? "neutral"}>{STATE_WORDS[exchange.state] ?? exchange.state}</Pill>
      {status !== null && status >= 400 && (
        <Pill tone="error" icon={CircleAlert}>
          status {status}
        </Pill>
      )}
      {exchange.side_call && <Pill title="A call beside the conversation, such as naming it">side call</Pill>}
      {exchange.replayed_from !== null && (
        <Pill tone="human" icon={History} title="Served from the record of an earlier run: no model was called">
          replayed
        </Pill>
      )}
      {exchange.imported && <Pill title="From a file, not seen live">imported</Pill>}
      {exchange.incomplete && (
        <Pill tone="error" icon={CircleAlert} title="Records were dropped: some body is missing">
          incomplete
        </Pill>
      )}
    </>
  );
}

export function Facts({ exchange }: { exchange: ExchangeView }) {
  const { usage, timing } = exchange;
  const seconds = ((timing.duration_ms ?? 0) - (timing.first_token_ms ?? 0)) / 1000;
  const speed =
    usage.output_tokens > 0 && seconds > 0.05 ? `${(usage.output_tokens / seconds).toFixed(0)} tok/s` : null;
  const served =
    exchange.served_model !== null && exchange.served_model !== exchange.model ? exchange.served_model : null;
  return (
    <div className="shrink-0 px-3 pb-2 text-sm">
      <dl className="flex flex-wrap gap-x-4 gap-y-0.5 tabular-nums">
        <Fact name="Model">
          {exchange.model}
          {served !== null && <span className="text-muted"> → {served}</span>}
        </Fact>
        <Fact name="Provider">{exchange.provider}</Fact>
        {exchange.attempts.length > 1 && (
          <Fact name="Attempts">
            <span title={exchange.attempts.map(attemptWords).join("\n")}>{exchange.attempts.length}</span>
          </Fact>
        )}
        <Fact name="Dialect">{exchange.dialect}</Fact>
        <Fact name="Started">{exactTime(Date.parse(timing.started_at)).slice(11)}</Fact>
        {timing.duration_ms !== null && exchange.state !== "open" && (
          <Fact name="Took">{duration(timing.duration_ms)}</Fact>
        )}
        {timing.first_token_ms !== null && <Fact name="First token">{duration(timing.first_token_ms)}</Fact>}
        {speed !== null && <Fact name="Speed">{speed}</Fact>}
        <Fact name="Tokens">
          {count(usage.input_tokens)} in
          {usage.input_tokens > 0 && ` · ${percent(usage.cached_tokens / usage.input_tokens)} cached`} ·{" "}
          {count(usage.output_tokens)} out
          {usage.reasoning_tokens > 0 && ` (${count(usage.reasoning_tokens)} reasoning)`}
          {usage.estimated && " ~"}
        </Fact>
        {exchange.cost_usd !== null && <Fact name="Cost">{money(exchange.cost_usd, usage.estimated)}</Fact>}
        <Fact name="Added">
          <span title={`By the runtime; the record's commit took ${duration(timing.commit_ms ?? 0)}`}>
            {duration(timing.added_ms)}
          </span>
        </Fact>
      </dl>
      {exchange.error !== null && (
        <p className="mt-1 flex items-start gap-1.5 text-error">
          <CircleAlert size={13} className="mt-0.5 shrink-0" />
          <span className="break-words">
            {exchange.error}
            {exchange.origin !== null && <span className="text-muted"> (origin: {exchange.origin})</span>}
          </span>
        </p>
      )}
    </div>
  );
}

function attemptWords({ provider, model, status, error, why }: AttemptView, place: number): string {
  const became = error ?? (status === null ? "" : `status ${status}`);
  return [`${place + 1}. ${provider} · ${model}`, became, why ?? ""].filter((part) => part !== "").join(" · ");
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex items-baseline gap-1.5">
      <dt className="text-faint text-xs">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
