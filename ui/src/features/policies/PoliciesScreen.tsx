// The policies as loaded: version, state, errors, rules, and the source to edit.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ChevronRight, CircleAlert, CircleCheck, CircleDashed, CircleOff, FilePlus2, Shield } from "lucide-react";
import type { PolicyView, RuleView } from "@/bridge";
import { onePolicy, policies } from "@/bridge/queries";
import { useText } from "@/bridge/text";
import { Wire } from "@/widgets/code";
import { useKeys } from "@/widgets/keys";
import { Empty, Failure, SkeletonRows } from "@/widgets/states";
import { Pill } from "@/widgets/tone";
import { NEW, TEMPLATE, useDrafts } from "./drafts";
import { PolicyEditor } from "./PolicyEditor";

export function PoliciesScreen() {
  const { name } = useParams({ strict: false });
  const { data, isPending, error, refetch } = useQuery(policies);
  const navigate = useNavigate();
  const list = data?.policies ?? [];
  const drafts = useDrafts((store) => store.drafts);
  const fresh = name === NEW;
  const chosen = list.find((one) => one.name === name) ?? (name === undefined ? list[0] : undefined);
  const move = (by: number) => {
    const at = list.findIndex((one) => one.name === chosen?.name);
    const next = list[Math.max(0, Math.min(list.length - 1, at + by))];
    if (next) void navigate({ to: "/policies/$name", params: { name: next.name }, replace: true });
  };
  useKeys({ j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1) });
  return (
    <section aria-label="Policies" className="flex h-full min-h-0 flex-col">
      <header className="flex h-11 shrink-0 items-center gap-3 border-line border-b px-3">
        <h1 className="font-semibold">Policies</h1>
        {data && (
          <p className="truncate text-muted">
            {data.shipped
              ? "The shipped default, in shadow: yours go into "
              : "Read, and read again when they change, from "}
            <span className="font-mono text-[12px]">{data.folder}</span>
          </p>
        )}
        <Link
          to="/policies/$name"
          params={{ name: NEW }}
          className="ml-auto inline-flex h-6 shrink-0 items-center gap-1.5 rounded border border-line px-2 text-sm hover:bg-hover"
        >
          <FilePlus2 size={12} /> New policy
        </Link>
      </header>
      {isPending && <SkeletonRows rows={4} />}
      {error && <Failure error={error} again={() => void refetch()} />}
      {data && list.length === 0 && !fresh && (
        <Empty icon={Shield} title="No policy is loaded">
          Put a TOML file into the policies folder, or begin a{" "}
          <Link to="/policies/$name" params={{ name: NEW }} className="text-model hover:underline">
            new policy
          </Link>{" "}
          here; it is in force as soon as it is saved.
        </Empty>
      )}
      {(list.length > 0 || fresh) && (
        <div className="grid min-h-0 flex-1 grid-cols-[minmax(220px,26%)_minmax(0,1fr)]">
          <nav aria-label="Policies" className="overflow-y-auto border-line border-r">
            {list.map((policy) => (
              <Link
                key={policy.name}
                to="/policies/$name"
                params={{ name: policy.name }}
                replace
                aria-current={policy.name === chosen?.name ? "page" : undefined}
                className={`flex h-7 items-center gap-2 px-3 ${policy.name === chosen?.name ? "bg-chosen" : "hover:bg-hover"}`}
              >
                <PolicyState policy={policy} />
                <span className="min-w-0 flex-1 truncate">{policy.name}</span>
                {drafts[policy.name] && <span className="text-human text-xs">edited</span>}
                <span className="text-faint text-xs">{policy.error === null ? policy.mode : "error"}</span>
              </Link>
            ))}
            {(fresh || drafts[NEW]) && (
              <Link
                to="/policies/$name"
                params={{ name: NEW }}
                replace
                aria-current={fresh ? "page" : undefined}
                className={`flex h-7 items-center gap-2 px-3 ${fresh ? "bg-chosen" : "hover:bg-hover"}`}
              >
                <FilePlus2 size={13} className="shrink-0 text-faint" />
                <span className="min-w-0 flex-1 truncate text-muted">new policy</span>
              </Link>
            )}
          </nav>
          {fresh && <PolicyEditor key={NEW} name={NEW} source={TEMPLATE} version={null} problems={[]} />}
          {chosen && <Policy key={chosen.name} policy={chosen} />}
        </div>
      )}
    </section>
  );
}

function PolicyState({ policy }: { policy: PolicyView }) {
  if (policy.error !== null) return <CircleAlert size={13} aria-label="error" className="shrink-0 text-error" />;
  if (policy.mode === "off") return <CircleOff size={13} aria-label="off" className="shrink-0 text-faint" />;
  if (policy.mode === "shadow") return <CircleDashed size={13} aria-label="shadow" className="shrink-0 text-policy" />;
  return <CircleCheck size={13} aria-label={policy.mode} className="shrink-0 text-policy" />;
}

const STATES: Record<PolicyView["state"], string> = {
  active: "in force",
  kept: "its last good version is in force",
  broken: "not in force",
};

function Policy({ policy }: { policy: PolicyView }) {
  const { rule } = useSearch({ strict: false });
  return (
    <div className="flex min-h-0 min-w-0 flex-col">
      <div className="shrink-0 border-line border-b px-4 py-3">
        <div className="flex items-center gap-3">
          <h2 className="font-semibold">{policy.name}</h2>
          <span className={policy.state === "active" ? "text-policy" : "text-error"}>
            {STATES[policy.state]} · {policy.mode}
          </span>
          <span className="ml-auto truncate font-mono text-faint text-xs">
            {policy.file} {policy.version !== "" && `· version ${policy.version}`}
          </span>
        </div>
        {policy.description !== "" && <p className="mt-0.5 text-muted">{policy.description}</p>}
        <p className="mt-0.5 text-muted text-sm">
          {policy.agents.length === 0 ? "Looks at every session." : `Looks at sessions of ${policy.agents.join(", ")}.`}
        </p>
      </div>
      {policy.rules.length > 0 && <Rules key={rule} rules={policy.rules} chosen={rule} />}
      <Source name={policy.name} line={policy.rules.find((one) => one.id === rule)?.line} />
    </div>
  );
}

/** `chosen`: the one that a link named, shown open. */
function Rules({ rules, chosen }: { rules: RuleView[]; chosen: string | undefined }) {
  return (
    <section aria-label="Rules" className="max-h-[40%] shrink-0 overflow-y-auto border-line border-b">
      {rules.map((rule) => (
        <details
          key={rule.id}
          open={rule.id === chosen}
          ref={(shown) => {
            if (rule.id === chosen) shown?.scrollIntoView({ block: "nearest" });
          }}
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

function Source({ name, line }: { name: string; line: number | undefined }) {
  const { data, isPending, error } = useQuery(onePolicy(name));
  const source = useText(data?.source).body?.text;
  if (error) return <Failure error={error} />;
  if (isPending || source === undefined) return <SkeletonRows rows={12} />;
  return <PolicyEditor name={name} source={source} version={data.version} problems={data.problems} line={line} />;
}
