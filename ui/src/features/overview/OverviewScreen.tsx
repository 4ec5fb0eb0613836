// What happened, in figures that are true; each opens its list.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Activity, CircleAlert } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { MetricsView } from "@/bridge";
import { metrics } from "@/bridge/queries";
import { count, money, percent, short } from "@/model/format";
import { Segments } from "@/widgets/segments";
import { Empty, Failure, SkeletonRows } from "@/widgets/states";
import { useToday } from "../live";
import { Days, Errors, Latest, Models, Rules, Running, Tools } from "./lists";
import { Budgets, CircuitBreakers } from "./Means";

const SPANS = [
  { value: "today", word: "Today" },
  { value: "ever", word: "All time" },
] as const;

export function OverviewScreen() {
  const today = useToday();
  const [span, setSpan] = useState<"today" | "ever">("today");
  const { data, isPending, error, refetch } = useQuery(metrics(span === "today" ? today : undefined));
  return (
    <section aria-label="Overview" className="@container h-full overflow-y-auto">
      <header className="sticky top-0 z-10 flex h-11 items-center gap-4 border-line border-b bg-canvas px-4">
        <h1 className="font-semibold">Overview</h1>
        <Segments label="Span" value={span} onValue={setSpan} segments={SPANS} />
      </header>
      {error && <Failure error={error} again={() => void refetch()} />}
      {isPending && <SkeletonRows rows={8} />}
      {data && (data.exchanges === 0 && span === "ever" ? <Nothing /> : <Figures figures={data} />)}
    </section>
  );
}

function Nothing() {
  return (
    <Empty icon={Activity} title="Nothing recorded yet">
      <Link to="/connect" className="link">
        Connect an agent
      </Link>{" "}
      and its figures appear here.
    </Empty>
  );
}

function Figures({ figures }: { figures: MetricsView }) {
  const cached = figures.input_tokens > 0 ? figures.cached_tokens / figures.input_tokens : null;
  const failed = figures.errors.reduce((sum, error) => sum + error.count, 0);
  return (
    <div className="px-4 py-4">
      <dl className="flex flex-wrap gap-x-10 gap-y-4 border-line border-b pb-4">
        <Figure name="Spend">{money(figures.cost_usd, figures.estimated)}</Figure>
        <Figure name="Running now" to={{ q: "status:running" }}>
          {count(figures.running)}
        </Figure>
        <Figure name="Sessions" to={{}}>
          {count(figures.sessions)}
        </Figure>
        <Figure name="Model calls">{count(figures.exchanges)}</Figure>
        <Figure name="Failed calls">
          {failed > 0 ? (
            <span className="flex items-center gap-1.5 text-error">
              <CircleAlert size={15} /> {count(failed)}
            </span>
          ) : (
            "0"
          )}
        </Figure>
        <Figure name="Tokens in">{short(figures.input_tokens)}</Figure>
        <Figure name="From cache">{cached === null ? "–" : percent(cached)}</Figure>
        <Figure name="Tokens out">{short(figures.output_tokens)}</Figure>
      </dl>
      <div className="mt-5 gap-x-10 @4xl:columns-2">
        <Budgets />
        <CircuitBreakers />
        <Rules figures={figures} />
        <Tools figures={figures} />
        <Models figures={figures} />
        <Days figures={figures} />
        <Errors figures={figures} />
        <Running />
        <Latest />
      </div>
    </div>
  );
}

function Figure({ name, to, children }: { name: string; to?: { q?: string }; children: ReactNode }) {
  const value = <span className="font-medium text-xl tabular-nums tracking-tight">{children}</span>;
  return (
    <div>
      <dt className="text-muted text-sm">{name}</dt>
      <dd>
        {to ? (
          <Link to="/sessions" search={to} className="hover:underline">
            {value}
          </Link>
        ) : (
          value
        )}
      </dd>
    </div>
  );
}
