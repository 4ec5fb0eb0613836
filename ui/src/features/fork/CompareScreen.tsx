// Two answers to one request, or nearly one: figures beside each other, the texts and calls line by line.
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { ComparedAnswer } from "@/bridge";
import { comparison } from "@/bridge/queries";
import { useText } from "@/bridge/text";
import { callsAsText, type Figure, figuresOf } from "@/model/comparison";
import { Failure, SkeletonRows } from "@/widgets/states";
import { Difference } from "../step/Difference";

export function CompareScreen() {
  const { exchange, with: other } = useParams({ from: "/compare/$exchange/$with" });
  const query = useQuery(comparison(exchange, other));
  return (
    <section aria-label="Comparison" className="flex h-full min-h-0 flex-col overflow-y-auto">
      <header className="flex h-11 shrink-0 items-center border-line border-b px-4">
        <h1 className="font-semibold">Recorded answer and fork</h1>
      </header>
      {query.error ? <Failure error={query.error} again={() => void query.refetch()} /> : null}
      {query.isPending && <SkeletonRows rows={10} />}
      {query.data && <Both before={query.data.before} after={query.data.after} />}
    </section>
  );
}

type Sides = { before: ComparedAnswer; after: ComparedAnswer };

function Both({ before, after }: Sides) {
  return (
    <div className="max-w-5xl space-y-4 p-4">
      <Figures before={before} after={after} />
      <Texts before={before} after={after} />
      <Part title="Tool calls">
        {before.calls.length + after.calls.length === 0 ? (
          <p className="px-2 py-1 text-muted text-sm">Neither calls a tool.</p>
        ) : (
          <Pair before={callsAsText(before.calls)} after={callsAsText(after.calls)} label="Tool calls" />
        )}
      </Part>
    </div>
  );
}

function Figures({ before, after }: Sides) {
  return (
    <table className="w-full table-fixed text-sm tabular-nums">
      <thead>
        <tr className="border-line border-b text-left text-muted">
          <th className="w-36 py-1 font-normal">
            <span className="sr-only">Figure</span>
          </th>
          <th className="py-1 font-normal">
            <Step side={before} word="Recorded" />
          </th>
          <th className="py-1 font-normal">
            <Step side={after} word="Fork" />
          </th>
        </tr>
      </thead>
      <tbody>
        {figuresOf(before, after).map((figure) => (
          <Row key={figure.name} figure={figure} />
        ))}
      </tbody>
    </table>
  );
}

function Step({ side, word }: { side: ComparedAnswer; word: string }) {
  return (
    <Link
      to="/sessions/$session/steps/$exchange"
      params={{ session: side.session, exchange: side.exchange }}
      className="link"
    >
      {word}, step {side.step}
    </Link>
  );
}

function Row({ figure }: { figure: Figure }) {
  return (
    <tr className="h-7 border-line border-b">
      <th className="text-left font-normal text-faint text-xs">{figure.name}</th>
      <td className="truncate pr-2">{figure.before}</td>
      <td className={`truncate pr-2 ${figure.before === figure.after ? "text-muted" : "font-medium"}`}>
        {figure.after}
        {figure.change !== null && <span className="ml-2 font-normal text-muted">{figure.change}</span>}
      </td>
    </tr>
  );
}

function Texts({ before, after }: Sides) {
  const one = useText(before.text).body?.text;
  const other = useText(after.text).body?.text;
  if (one === undefined || other === undefined) return <SkeletonRows rows={4} />;
  return (
    <Part title="Text">
      {one === "" && other === "" ? (
        <p className="px-2 py-1 text-muted text-sm">Neither says anything.</p>
      ) : (
        <Pair before={one} after={other} label="Text" />
      )}
    </Part>
  );
}

function Pair({ before, after, label }: { before: string; after: string; label: string }) {
  if (before !== after) return <Difference before={before} after={after} label={`${label}: recorded and fork`} />;
  return (
    <>
      <p className="px-2 pt-1 text-muted text-sm">The same in both.</p>
      <pre className="whitespace-pre-wrap break-words px-2 py-1 font-mono text-[12px] leading-[18px]">{before}</pre>
    </>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="rounded border border-line">
      <h2 className="border-line border-b bg-panel px-2 py-0.5 text-muted text-sm">{title}</h2>
      {children}
    </section>
  );
}
