// What happened, in figures that are true; each opens its list.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Activity, CircleAlert } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { MetricsView } from "@/bridge";
import { latestInterventions, metrics, sessionHead } from "@/bridge/queries";
import { count, duration, money, oneLine, percent, short } from "@/model/format";
import { Empty, Failure, SkeletonRows } from "@/widgets/states";
import { Ago } from "@/widgets/time";
import { useToday } from "../live";
import { SessionStatus } from "../sessions";
import { ActPill } from "../timeline";

export function OverviewScreen() {
  const today = useToday();
  const [span, setSpan] = useState<"today" | "ever">("today");
  const { data, isPending, error, refetch } = useQuery(metrics(span === "today" ? today : undefined));
  return (
    <section aria-label="Overview" className="@container h-full overflow-y-auto">
      <header className="sticky top-0 z-10 flex h-11 items-center gap-4 border-line border-b bg-canvas px-4">
        <h1 className="font-semibold">Overview</h1>
        <div role="radiogroup" aria-label="Span" className="flex overflow-hidden rounded border border-line">
          {(["today", "ever"] as const).map((one) => (
            <button
              key={one}
              type="button"
              role="radio"
              aria-checked={span === one}
              onClick={() => setSpan(one)}
              className={`h-6 border-line border-r px-2 text-sm last:border-r-0 ${span === one ? "bg-chosen" : "text-muted hover:bg-hover"}`}
            >
              {one === "today" ? "Today" : "All time"}
            </button>
          ))}
        </div>
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
      <Link to="/connect" className="text-model hover:underline">
        Connect an agent
      </Link>{" "}
      and its figures appear here.
    </Empty>
  );
}

function Figures({ figures }: { figures: MetricsView }) {
  const cached = figures.input_tokens > 0 ? figures.cached_tokens / figures.input_tokens : null;
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
          {figures.failed > 0 ? (
            <span className="flex items-center gap-1.5 text-error">
              <CircleAlert size={15} /> {count(figures.failed)}
            </span>
          ) : (
            "0"
          )}
        </Figure>
        <Figure name="Tokens in">{short(figures.input_tokens)}</Figure>
        <Figure name="From cache">{cached === null ? "–" : percent(cached)}</Figure>
        <Figure name="Tokens out">{short(figures.output_tokens)}</Figure>
      </dl>
      <div className="mt-5 grid grid-cols-1 gap-x-10 gap-y-6 @4xl:grid-cols-2">
        <Rules figures={figures} />
        <Tools figures={figures} />
        <Models figures={figures} />
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

function Block({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="min-w-0">
      <h2 className="mb-1 font-medium">{title}</h2>
      {children}
    </section>
  );
}

function Rules({ figures }: { figures: MetricsView }) {
  return (
    <Block title="Interventions by rule">
      {figures.interventions.length === 0 ? (
        <p className="text-muted">
          No rule has intervened.{" "}
          <Link to="/policies" className="text-model hover:underline">
            See the policies
          </Link>
        </p>
      ) : (
        <Table heads={["Rule", "Action", "Times", "Tokens", "Money"]}>
          {figures.interventions.map((one) => (
            <tr key={`${one.rule}${one.action}${one.mode}`} className="h-7 border-line border-t">
              <td className="truncate">
                {one.rule === null ? (
                  <span className="text-human">a person</span>
                ) : (
                  <Link to="/sessions" search={{ q: `rule:${one.rule}` }} className="text-policy hover:underline">
                    {one.rule}
                  </Link>
                )}
              </td>
              <td className="text-muted">{one.mode === "shadow" ? `would ${one.action}` : one.action}</td>
              <td className="num">{count(one.count)}</td>
              <td className="num text-muted">{short(one.tokens)}</td>
              <td className="num text-muted">{money(one.usd)}</td>
            </tr>
          ))}
        </Table>
      )}
    </Block>
  );
}

function Tools({ figures }: { figures: MetricsView }) {
  const most = Math.max(1, ...figures.tools.map((tool) => tool.calls));
  return (
    <Block title="Tools">
      {figures.tools.length === 0 ? (
        <p className="text-muted">No tool was called.</p>
      ) : (
        <Table heads={["Tool", "", "Calls", "Errors", "Mean time"]}>
          {figures.tools.slice(0, 12).map((tool) => (
            <tr key={tool.name} className="h-7 border-line border-t">
              <td className="max-w-48 truncate font-mono text-[12px]">
                <Link to="/sessions" search={{ q: `tool:${tool.name}` }} className="hover:underline">
                  {tool.name}
                </Link>
              </td>
              <td className="w-1/4" aria-hidden>
                <span className="flex h-1.5">
                  <span
                    className="rounded-l-sm bg-tool-solid"
                    style={{ width: `${((tool.calls - tool.errors) / most) * 100}%` }}
                  />
                  <span className="rounded-r-sm bg-error-solid" style={{ width: `${(tool.errors / most) * 100}%` }} />
                </span>
              </td>
              <td className="num">{count(tool.calls)}</td>
              <td className={`num ${tool.errors > 0 ? "text-error" : "text-faint"}`}>
                {tool.errors > 0 ? percent(tool.errors / tool.calls) : "–"}
              </td>
              <td className="num text-muted">{tool.mean_ms === null ? "–" : duration(tool.mean_ms)}</td>
            </tr>
          ))}
        </Table>
      )}
    </Block>
  );
}

function Models({ figures }: { figures: MetricsView }) {
  if (figures.models.length === 0) return null;
  return (
    <Block title="Models">
      <Table heads={["Model", "Calls", "In", "Cached", "Out", "Cost"]}>
        {figures.models.slice(0, 10).map((model) => (
          <tr key={model.model} className="h-7 border-line border-t">
            <td className="max-w-56 truncate">
              <Link to="/sessions" search={{ q: `model:${model.model}` }} className="hover:underline">
                {model.model}
              </Link>
            </td>
            <td className="num">{count(model.exchanges)}</td>
            <td className="num text-muted">{short(model.input_tokens)}</td>
            <td className="num text-muted">
              {model.input_tokens > 0 ? percent(model.cached_tokens / model.input_tokens) : "–"}
            </td>
            <td className="num text-muted">{short(model.output_tokens)}</td>
            <td className="num">{money(model.cost_usd)}</td>
          </tr>
        ))}
      </Table>
    </Block>
  );
}

function Running() {
  const { data } = useQuery(sessionHead("status:running"));
  const running = data?.sessions ?? [];
  return (
    <Block title="Running sessions">
      {running.length === 0 && <p className="text-muted">None at the moment.</p>}
      <ul>
        {running.slice(0, 8).map((session) => (
          <li key={session.id} className="border-line border-t">
            <Link
              to="/sessions/$session"
              params={{ session: session.id }}
              className="flex h-7 items-center gap-3 hover:bg-hover"
            >
              <SessionStatus state={session.state} />
              <span className="min-w-0 flex-1 truncate">{oneLine(session.title)}</span>
              <span className="num text-muted text-sm">{money(session.cost_usd, session.estimated)}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Block>
  );
}

function Latest() {
  const { data } = useQuery(latestInterventions);
  const latest = data?.interventions ?? [];
  if (latest.length === 0) return null;
  return (
    <Block title="Latest interventions">
      <ul>
        {latest.slice(0, 8).map((one) => (
          <li key={one.id} className="border-line border-t">
            <Link
              to="/sessions/$session/steps/$exchange"
              params={{ session: one.session, exchange: one.exchange }}
              search={{ tab: "policy" }}
              className="flex h-7 items-center gap-3 hover:bg-hover"
            >
              <ActPill act={one} rule={one.rule} person={one.cause === "person"} />
              <span className="min-w-0 flex-1 truncate">{one.summary}</span>
              <span className="num text-muted text-sm">
                <Ago at={one.at} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </Block>
  );
}

function Table({ heads, children }: { heads: string[]; children: ReactNode }) {
  return (
    <table className="w-full text-sm [&_td]:px-2 [&_td:first-child]:pl-0 [&_td:last-child]:pr-0 [&_th]:px-2 [&_th:first-child]:pl-0 [&_th:last-child]:pr-0">
      <thead>
        <tr className="text-muted text-xs">
          {heads.map((head, i) => (
            <th
              key={i}
              className={`font-normal ${i === 0 ? "text-left" : head === "Action" ? "text-left" : "text-right"}`}
            >
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}
