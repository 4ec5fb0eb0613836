// The policies as loaded, and the chosen one.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { FilePlus2, Shield } from "lucide-react";
import { policies } from "@/bridge/queries";
import { useKeys } from "@/widgets/keys";
import { Empty, Failure, SkeletonRows } from "@/widgets/states";
import { NEW, TEMPLATE, useDrafts } from "./drafts";
import { Policy } from "./Policy";
import { PolicyEditor } from "./PolicyEditor";
import { PolicyRow } from "./PolicyRow";

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
          <Link to="/policies/$name" params={{ name: NEW }} className="link">
            new policy
          </Link>{" "}
          here; it is in force as soon as it is saved.
        </Empty>
      )}
      {(list.length > 0 || fresh) && (
        <div className="grid min-h-0 flex-1 grid-cols-[minmax(240px,26%)_minmax(0,1fr)]">
          <nav aria-label="Policies" className="overflow-y-auto border-line border-r">
            {list.map((policy) => (
              <PolicyRow
                key={policy.name}
                policy={policy}
                chosen={policy.name === chosen?.name}
                edited={drafts[policy.name] !== undefined}
              />
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
