// What a condition read: name and value, one a line.
import type { VerdictView } from "@/bridge";
import { reading } from "@/model/values";
import { Wire } from "@/widgets/code";

export function Values({ values }: { values: VerdictView["values"] }) {
  return (
    <dl className="grid grid-cols-[fit-content(40%)_minmax(0,1fr)] gap-x-3 font-mono text-[12px]">
      {Object.entries(values).map(([name, value]) => {
        const { exact, means } = reading(name, value);
        return (
          <div key={name} className="contents">
            <dt className="text-muted [overflow-wrap:anywhere]">{name}</dt>
            <dd className="flex max-h-24 items-baseline gap-2 overflow-auto">
              <Wire text={exact} label={name} />
              {means !== "" && <span className="shrink-0 font-sans text-muted text-sm">{means}</span>}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
