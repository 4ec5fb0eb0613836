// What a condition read: name and value, one a line.
import type { VerdictView } from "@/bridge";
import { Wire } from "@/widgets/code";

export function Values({ values }: { values: VerdictView["values"] }) {
  return (
    <dl className="grid grid-cols-[minmax(80px,max-content)_minmax(0,1fr)] gap-x-3 font-mono text-[12px]">
      {Object.entries(values).map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-muted [overflow-wrap:anywhere]">{name}</dt>
          <dd className="max-h-24 overflow-auto">
            <Wire text={typeof value === "string" ? value : JSON.stringify(value)} label={name} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
