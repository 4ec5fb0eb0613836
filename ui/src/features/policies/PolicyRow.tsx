// One policy in the list: how it stands, what it is made of, whom it looks at; where its file is broken, where and what still holds.
import { Link } from "@tanstack/react-router";
import { CircleAlert, CircleCheck, CircleDashed, CircleOff } from "lucide-react";
import type { PolicyView } from "@/bridge";
import { plural } from "@/model/format";
import { inForceWords, place } from "@/model/policy";

type Props = { policy: PolicyView; chosen: boolean; edited: boolean };

export function PolicyRow({ policy, chosen, edited }: Props) {
  const { name, mode, error, version, agents, rules } = policy;
  const whom = agents.length === 0 ? "every session" : agents.join(", ");
  return (
    <Link
      to="/policies/$name"
      params={{ name }}
      replace
      aria-current={chosen ? "page" : undefined}
      className={`block border-line border-b px-3 py-1.5 ${chosen ? "bg-chosen" : "hover:bg-hover"}`}
    >
      <span className="flex items-center gap-2">
        <PolicyState policy={policy} />
        <span className="min-w-0 flex-1 truncate" title={name}>
          {name}
        </span>
        {edited && <span className="text-human text-xs">edited</span>}
        <span className={`text-xs ${mode === "enforce" || mode === "mixed" ? "text-policy" : "text-muted"}`}>
          {policy.state === "broken" ? "" : mode}
        </span>
      </span>
      <span className="flex items-baseline gap-2 pl-[21px] text-muted text-xs">
        {error === null ? (
          <>
            <span className="shrink-0">{plural(rules.length, "rule")}</span>
            <span className="min-w-0 truncate" title={`Looks at ${whom}`}>
              {whom}
            </span>
            <span className="ml-auto shrink-0 font-mono text-faint" title={`Version ${version}`}>
              {version.slice(0, 7)}
            </span>
          </>
        ) : (
          <span className="min-w-0" title={error}>
            <span className="block truncate text-error">{place(error).says}</span>
            {inForceWords(policy)}
          </span>
        )}
      </span>
    </Link>
  );
}

function PolicyState({ policy }: { policy: PolicyView }) {
  const look = "shrink-0";
  if (policy.error !== null) return <CircleAlert size={13} aria-label="error" className={`${look} text-error`} />;
  if (policy.mode === "off") return <CircleOff size={13} aria-label="off" className={`${look} text-faint`} />;
  if (policy.mode === "shadow") return <CircleDashed size={13} aria-label="shadow" className={`${look} text-policy`} />;
  return <CircleCheck size={13} aria-label={policy.mode} className={`${look} text-policy`} />;
}
