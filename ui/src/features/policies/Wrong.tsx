// What is wrong with a policy's file: the place, the line with carets under it, and what holds meanwhile.
import { useQuery } from "@tanstack/react-query";
import { CircleAlert } from "lucide-react";
import type { PolicyView } from "@/bridge";
import { onePolicy } from "@/bridge/queries";
import { plural } from "@/model/format";
import { excerpt, place } from "@/model/policy";

export function Wrong({ policy, error }: { policy: PolicyView; error: string }) {
  const { data } = useQuery(onePolicy(policy.name));
  const errors = (data?.problems ?? []).filter((problem) => problem.severity === "error");
  const first = errors[0];
  const told = place(error);
  return (
    <div role="alert" className="mt-2 rounded border border-error-line bg-error-soft px-3 py-1.5 text-sm">
      <p className="flex items-start gap-1.5">
        <CircleAlert size={13} className="mt-0.5 shrink-0 text-error" />
        <span className="min-w-0 break-words">
          {told.line !== null && (
            <span className="font-medium text-error">
              Line {told.line}
              {first !== undefined && first.line === told.line && `, column ${first.column}`}:{" "}
            </span>
          )}
          {told.says}
          {errors.length > 1 && (
            <span className="text-muted"> And {plural(errors.length - 1, "more error")}, below the source.</span>
          )}
        </span>
      </p>
      {first && <Line number={first.line} lines={excerpt(first)} />}
      <p className="mt-0.5 pl-[19px]">
        {policy.state === "kept"
          ? `The file was not taken: version ${policy.version} with ${plural(policy.rules.length, "rule")} goes on being in force.`
          : "The file was not taken, and nothing of it is in force."}
      </p>
    </div>
  );
}

function Line({ number, lines: [text, carets] }: { number: number; lines: [string, string] }) {
  const gutter = String(number);
  return (
    <pre className="my-0.5 overflow-x-hidden pl-[19px] text-[12px] leading-[16px]">
      <span className="text-muted">{gutter} │ </span>
      {text}
      <span aria-hidden className="block text-error">
        {" ".repeat(gutter.length + 3)}
        {carets}
      </span>
    </pre>
  );
}
