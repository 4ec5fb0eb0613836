// One step: its facts, then its tabs.
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { CircleAlert, X } from "lucide-react";
import type { ReactNode } from "react";
import type { ExchangeView } from "@/bridge";
import { oneExchange } from "@/bridge/queries";
import { count, duration, exactTime, money, percent } from "@/model/format";
import { CopyButton } from "@/widgets/copy";
import { useKeys } from "@/widgets/keys";
import { Failure, SkeletonRows } from "@/widgets/states";
import { TabBar } from "@/widgets/tabs";
import { Pill, type Tone } from "@/widgets/tone";
import { MessagesTab } from "./MessagesTab";
import { PolicyTab } from "./PolicyTab";
import { RawTab } from "./RawTab";
import { StreamTab } from "./StreamTab";
import { ToolsTab } from "./ToolsTab";
import { TruthTab } from "./TruthTab";

export const STEP_TABS = ["messages", "truth", "tools", "stream", "policy", "raw"] as const;
export type StepTab = (typeof STEP_TABS)[number];
const LABELS: Record<StepTab, string> = {
  messages: "Messages",
  truth: "Truth",
  tools: "Tools",
  stream: "Stream",
  policy: "Policy",
  raw: "Raw",
};

export function StepPanel() {
  const { session, exchange } = useParams({ from: "/sessions/$session/steps/$exchange" });
  const { tab } = useSearch({ from: "/sessions/$session/steps/$exchange" });
  const navigate = useNavigate();
  const query = useQuery(oneExchange(exchange));
  const chosen: StepTab = STEP_TABS.find((name) => name === tab) ?? "messages";
  const choose = (name: StepTab) =>
    void navigate({
      to: "/sessions/$session/steps/$exchange",
      params: { session, exchange },
      search: { tab: name },
      replace: true,
    });
  const by = (step: number) => {
    const next = STEP_TABS[(STEP_TABS.indexOf(chosen) + step + STEP_TABS.length) % STEP_TABS.length];
    if (next) choose(next);
  };
  useKeys({ d: () => choose(chosen === "truth" ? "messages" : "truth"), l: () => by(1), h: () => by(-1) });

  const data = query.data;
  const calls = data ? data.verdicts.filter((verdict) => verdict.matched).length : 0;
  return (
    <section aria-label="Step" className="@container flex h-full min-h-0 flex-col">
      <header className="flex h-8 shrink-0 items-center gap-2 px-3">
        <h2 className="truncate font-medium">{data ? `Step ${data.step}` : "Step"}</h2>
        {data && <StateTag exchange={data} />}
        <span className="ml-auto truncate font-mono text-faint text-xs">{exchange}</span>
        <CopyButton text={exchange} label="Copy exchange id" />
        <button
          type="button"
          aria-label="Close step"
          title="Close ( Esc )"
          onClick={() => void navigate({ to: "/sessions/$session", params: { session }, replace: true })}
          className="rounded p-1 text-muted hover:bg-hover hover:text-ink"
        >
          <X size={14} />
        </button>
      </header>
      {data && <Facts exchange={data} />}
      <TabBar
        label="Step"
        tabs={STEP_TABS.map((name) => ({ name, label: LABELS[name], badge: name === "policy" ? calls : null }))}
        chosen={chosen}
        choose={choose}
      />
      <div role="tabpanel" id="tab-panel" aria-labelledby={`tab-${chosen}`} className="min-h-0 flex-1 overflow-y-auto">
        {query.error ? <Failure error={query.error} again={() => void query.refetch()} /> : null}
        {query.isPending && <SkeletonRows rows={10} />}
        {data && <Content key={exchange} exchange={data} tab={chosen} />}
      </div>
    </section>
  );
}

function Content({ exchange, tab }: { exchange: ExchangeView; tab: StepTab }) {
  switch (tab) {
    case "messages":
      return <MessagesTab exchange={exchange} />;
    case "truth":
      return <TruthTab exchange={exchange} />;
    case "tools":
      return <ToolsTab exchange={exchange} />;
    case "stream":
      return <StreamTab exchange={exchange} />;
    case "policy":
      return <PolicyTab exchange={exchange} />;
    case "raw":
      return <RawTab exchange={exchange} />;
  }
}

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

function StateTag({ exchange }: { exchange: ExchangeView }) {
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
      {exchange.imported && <Pill title="From a file, not seen live">imported</Pill>}
      {exchange.incomplete && (
        <Pill tone="error" icon={CircleAlert} title="Records were dropped: some body is missing">
          incomplete
        </Pill>
      )}
    </>
  );
}

function Facts({ exchange }: { exchange: ExchangeView }) {
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

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex items-baseline gap-1.5">
      <dt className="text-faint text-xs">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
