// One policy: how it stands, its rules, and the source to edit.
import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { ChevronRight } from "lucide-react";
import { useEffect, useRef } from "react";
import type { PolicyView, RuleView } from "@/bridge";
import { onePolicy } from "@/bridge/queries";
import { useText } from "@/bridge/text";
import { inForceWords, tableOf } from "@/model/policy";
import { Wire } from "@/widgets/code";
import { Failure, SkeletonRows } from "@/widgets/states";
import { Pill } from "@/widgets/tone";
import { Flips } from "./Flips";
import { PolicyEditor } from "./PolicyEditor";
import { Wrong } from "./Wrong";

export function Policy({ policy }: { policy: PolicyView }) {
  const { rule } = useSearch({ strict: false });
  const shadows = policy.rules.filter((one) => one.mode === "shadow").length;
  const line = policy.rules.find((one) => one.id === rule)?.line;
  return (
    <div className="flex min-h-0 min-w-0 flex-col">
      <div className="shrink-0 border-line border-b px-4 py-3">
        <div className="flex items-center gap-3">
          <h2 className="min-w-0 truncate font-semibold" title={policy.name}>
            {policy.name}
          </h2>
          <span className={`shrink-0 ${policy.state === "active" ? "text-policy" : "text-error"}`}>
            {policy.state === "active" ? `in force · ${policy.mode}` : inForceWords(policy)}
          </span>
          <span
            className="ml-auto truncate font-mono text-faint text-xs"
            title={policy.version === "" ? policy.file : `${policy.file}, version ${policy.version}`}
          >
            {policy.file} {policy.version !== "" && `· version ${policy.version}`}
          </span>
        </div>
        {policy.description !== "" && <p className="mt-0.5 text-muted">{policy.description}</p>}
        {policy.state !== "broken" && (
          <p className="mt-0.5 text-muted text-sm">
            {policy.agents.length === 0
              ? "Looks at every session."
              : `Looks at sessions of ${policy.agents.join(", ")}.`}
          </p>
        )}
        {policy.error !== null && <Wrong policy={policy} error={policy.error} />}
      </div>
      {shadows > 0 && <Flips policy={policy.name} shadows={shadows} />}
      {policy.rules.length > 0 && <Rules key={rule} rules={policy.rules} chosen={rule} />}
      <Source name={policy.name} rule={rule} line={line} />
    </div>
  );
}

/** `chosen`: the one that a link named, shown open. */
function Rules({ rules, chosen }: { rules: RuleView[]; chosen: string | undefined }) {
  const named = useRef<HTMLDetailsElement>(null);
  // Newer browsers answer with a promise, which is no clean-up.
  useEffect(() => {
    void named.current?.scrollIntoView({ block: "nearest" });
  }, []);
  return (
    <section aria-label="Rules" className="max-h-[40%] shrink-0 overflow-y-auto border-line border-b">
      {rules.map((rule) => (
        <details
          key={rule.id}
          open={rule.id === chosen}
          ref={rule.id === chosen ? named : null}
          className="group border-line border-t first:border-t-0"
        >
          <summary className="flex h-7 list-none items-center gap-2.5 px-4 text-sm hover:bg-hover">
            <ChevronRight
              size={12}
              className="shrink-0 text-faint transition-transform duration-100 group-open:rotate-90"
            />
            <span className="truncate font-medium">{rule.id}</span>
            <span className="shrink-0 font-mono text-muted text-xs">{rule.on}</span>
            {rule.mode !== "enforce" && <Pill dashed>{rule.mode}</Pill>}
            <span className="ml-auto shrink-0 text-faint text-xs">
              {rule.lowered_from !== null ? `from ${rule.lowered_from}, ` : ""}line {rule.line}
            </span>
          </summary>
          <div className="bg-panel px-9 py-2">
            <Wire text={rule.toml.trim()} label={`Rule ${rule.id} in full`} />
          </div>
        </details>
      ))}
    </section>
  );
}

type SourceProps = { name: string; rule: string | undefined; line: number | undefined };

/** Begins at the rule that a link named, or at a table of that name; else at what is wrong. */
function Source({ name, rule, line }: SourceProps) {
  const { data, isPending, error } = useQuery(onePolicy(name));
  const source = useText(data?.source).body?.text;
  if (error) return <Failure error={error} />;
  if (isPending || source === undefined) return <SkeletonRows rows={12} />;
  const wanted = line ?? (rule === undefined ? undefined : tableOf(source, rule)?.line) ?? data.problems[0]?.line;
  return <PolicyEditor name={name} source={source} version={data.version} problems={data.problems} line={wanted} />;
}
