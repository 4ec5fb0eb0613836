// The overview's lists: each says where its figures come from and opens what they count.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { MetricsView } from "@/bridge";
import { latestInterventions, sessionHead } from "@/bridge/queries";
import { count, duration, money, oneLine, percent, short } from "@/model/format";
import { Failure, Skeleton } from "@/widgets/states";
import { Ago } from "@/widgets/time";
import { SessionStatus } from "../sessions";
import { ActPill } from "../timeline";
import { Block } from "./Block";

export function Rules({ figures }: { figures: MetricsView }) {
  return (
    <Block title="Interventions by rule">
      {figures.interventions.length === 0 ? (
        <p className="text-muted">
          No rule has intervened.{" "}
          <Link to="/policies" className="link">
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
              <td className="num text-muted">{balance(one.tokens, short)}</td>
              <td className="num text-muted">{balance(one.usd, money)}</td>
            </tr>
          ))}
        </Table>
      )}
    </Block>
  );
}

/** What was saved or spent, said and not signed. */
const balance = (value: number, words: (size: number) => string): string =>
  value === 0 ? "–" : `${words(Math.abs(value))} ${value < 0 ? "saved" : "more"}`;

export function Tools({ figures }: { figures: MetricsView }) {
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

export function Models({ figures }: { figures: MetricsView }) {
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

/** Spend by day, drawn; each bar says its figures on hover. */
export function Days({ figures }: { figures: MetricsView }) {
  const days = figures.days.slice(-30);
  const most = Math.max(...days.map((day) => day.cost_usd));
  if (days.length < 2 || most <= 0) return null;
  return (
    <Block title="Spend by day">
      <ol className="flex h-24 items-end gap-1 border-line border-b">
        {days.map((day) => (
          <li
            key={day.day}
            title={`${day.day.slice(0, 10)}: ${money(day.cost_usd, figures.estimated)}, ${count(day.exchanges)} calls`}
            className="flex h-full min-w-1 max-w-10 flex-1 items-end rounded-t-sm hover:bg-hover"
          >
            <span className="sr-only">{`${day.day.slice(0, 10)}: ${money(day.cost_usd)}`}</span>
            <span
              className="w-full rounded-t-sm bg-model-solid"
              style={{ height: `${(day.cost_usd / most) * 100}%` }}
            />
          </li>
        ))}
      </ol>
      <p className="flex justify-between text-faint text-xs">
        <span>{days[0]?.day.slice(5, 10)}</span>
        <span>highest {money(most)}</span>
        <span>{days.at(-1)?.day.slice(5, 10)}</span>
      </p>
    </Block>
  );
}

export function Errors({ figures }: { figures: MetricsView }) {
  if (figures.errors.length === 0) return null;
  return (
    <Block title="Why calls failed">
      <Table heads={["Class", "Times"]}>
        {figures.errors.slice(0, 8).map((error) => (
          <tr key={error.class} className="h-7 border-line border-t">
            <td className="truncate">{error.class}</td>
            <td className="num text-error">{count(error.count)}</td>
          </tr>
        ))}
      </Table>
    </Block>
  );
}

export function Running() {
  const { data, error } = useQuery(sessionHead("status:running"));
  const running = data?.sessions ?? [];
  return (
    <Block title="Running sessions">
      {!data && (error ? <Failure error={error} /> : <Skeleton width="60%" />)}
      {data && running.length === 0 && (
        <p className="text-muted">
          None at the moment.{" "}
          <Link to="/connect" className="link">
            Connect an agent
          </Link>
        </p>
      )}
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

export function Latest() {
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
