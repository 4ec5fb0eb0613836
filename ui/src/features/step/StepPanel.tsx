// One step: its facts, then its tabs.
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ShieldPlus, X } from "lucide-react";
import { beginning, type ExchangeView } from "@/bridge";
import { oneExchange, oneSession } from "@/bridge/queries";
import { policyFrom } from "@/model/rule";
import { CopyButton } from "@/widgets/copy";
import { useKeys } from "@/widgets/keys";
import { Failure, SkeletonRows } from "@/widgets/states";
import { TabBar } from "@/widgets/tabs";
import { ForkFrom } from "../fork";
import { NEW, useDrafts } from "../policies";
import { Departure, RewindFrom } from "../rewind";
import { MessagesTab } from "./MessagesTab";
import { PolicyTab } from "./PolicyTab";
import { RawTab } from "./RawTab";
import { Facts, StateTag } from "./StepFacts";
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
  const agent = useQuery(oneSession(session)).data?.agent ?? "";
  const makeRule = () => {
    if (!query.data) return;
    const { step, model, calls } = query.data;
    const first = calls[0];
    const call = first ? { name: first.name, arguments: beginning(first.arguments) } : null;
    useDrafts.getState().put(NEW, { text: policyFrom({ step, agent, model, call }), base: null });
    void navigate({ to: "/policies/$name", params: { name: NEW } });
  };
  useKeys({ "mod+m": makeRule });
  useKeys({ d: () => choose(chosen === "truth" ? "messages" : "truth"), l: () => by(1), h: () => by(-1) });

  const data = query.data;
  const acts = data?.interventions.length ?? 0;
  return (
    <section aria-label="Step" className="@container flex h-full min-h-0 flex-col">
      <header className="flex h-8 shrink-0 items-center gap-2 px-3">
        <h2 className="shrink-0 font-medium">{data ? `Step ${data.step}` : "Step"}</h2>
        {data && <StateTag exchange={data} />}
        <span className="ml-auto truncate font-mono text-faint text-xs">{exchange}</span>
        <CopyButton text={exchange} label="Copy exchange id" />
        {data && <RewindFrom session={session} exchange={exchange} step={data.step} />}
        {data && <ForkFrom exchange={data} />}
        {data && (
          <button
            type="button"
            aria-label="Make a rule from this step"
            title="Make a rule from this step ( ⌘M )"
            onClick={makeRule}
            className="rounded p-1 text-muted hover:bg-hover hover:text-ink"
          >
            <ShieldPlus size={14} />
          </button>
        )}
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
      {data && <Departure exchange={data} />}
      <TabBar
        label="Step"
        tabs={STEP_TABS.map((name) => ({ name, label: LABELS[name], badge: name === "policy" ? acts : null }))}
        chosen={chosen}
        choose={choose}
      />
      <div
        role="tabpanel"
        id="tab-panel"
        aria-labelledby={`tab-${chosen}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: must be scrollable by keyboard
        tabIndex={0}
        className="relative min-h-0 flex-1 overflow-y-auto"
      >
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
