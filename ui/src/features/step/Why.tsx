// Why a rule acted: its condition, as the version that decided has it; of a rate or a budget, what it allows.
import { useQuery } from "@tanstack/react-query";
import type { InterventionView, PolicyView } from "@/bridge";
import { onePolicy, policies } from "@/bridge/queries";
import { useText } from "@/bridge/text";
import { tableOf } from "@/model/policy";
import { conditionOf } from "@/model/rule";
import { Wire } from "@/widgets/code";

export function Why({ intervention }: { intervention: InterventionView }) {
  const { data } = useQuery(policies);
  if (!data) return null;
  const loaded = data.policies.find((policy) => policy.name === intervention.policy);
  return (
    <>
      <dt className="text-faint">Why</dt>
      <dd>
        {loaded === undefined ? (
          <span className="text-muted">The policy is loaded no more.</span>
        ) : loaded.version !== intervention.version ? (
          <span className="text-muted">The policy has changed since; what it read then stands below.</span>
        ) : (
          <Reason policy={loaded} name={intervention.rule ?? ""} />
        )}
      </dd>
    </>
  );
}

function Reason({ policy, name }: { policy: PolicyView; name: string }) {
  const rule = policy.rules.find((one) => one.id === name);
  const condition = rule ? conditionOf(rule.toml) : null;
  if (condition !== null) return <Written text={condition} label="Condition" />;
  if (rule && rule.lowered_from === null) return "It has no condition: it always applies.";
  return <Table policy={policy.name} name={name} />;
}

/** What is no rule of its own stands in the source as a table of its name. */
function Table({ policy, name }: { policy: string; name: string }) {
  const { data } = useQuery(onePolicy(policy));
  const source = useText(data?.source).body?.text;
  if (source === undefined) return null;
  const table = tableOf(source, name);
  return table ? <Written text={table.text} label="Declared as" /> : "It has no condition: it always applies.";
}

function Written({ text, label }: { text: string; label: string }) {
  return (
    <div className="max-h-40 overflow-auto rounded border border-line bg-canvas px-2 py-1 font-mono text-[12px]">
      <Wire text={text} label={label} />
    </div>
  );
}
