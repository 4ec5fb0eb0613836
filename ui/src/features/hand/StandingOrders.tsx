// What a person, or a rule, ordered for the calls to come, each with the way to take it back where there is one.
import { X } from "lucide-react";
import type { ReactNode } from "react";
import type { Order } from "@/bridge";
import { count, oneLine } from "@/model/format";
import type { Standing } from "@/model/orders";

export function StandingOrders({ orders, act }: { orders: Standing; act: (order: Order) => void }) {
  const { model, withheld, injections, muted, budgets } = orders;
  return (
    <ul aria-label="Standing orders" className="ml-2 flex min-w-0 shrink items-center gap-1">
      {orders.gate !== "open" && (
        <Tag title="Held at the next point; Resume takes it back">
          {orders.gate === "paused" ? "paused" : orders.gate === "stepping" ? "stepping" : "stepping over tools"}
        </Tag>
      )}
      {model && (
        <Tag title={`For the ${model.scope}${model.byRule ? ", by a rule" : ""}`} byRule={model.byRule}>
          model {model.model} · {model.scope}
        </Tag>
      )}
      {withheld.map((tool) => (
        <Tag
          key={`w ${tool}`}
          title={`${tool} is not offered to the model`}
          undo={`Offer ${tool}`}
          onUndo={() => act({ command: "tools", offer: [tool] })}
        >
          without {tool}
        </Tag>
      ))}
      {injections.map((one, i) => (
        <Tag key={`i ${i}`} title={oneLine(one.text).slice(0, 300)}>
          {one.standing ? "injects in each run" : "injects next"}
        </Tag>
      ))}
      {muted.map((rule) => (
        <Tag
          key={`m ${rule}`}
          title={`${rule} is not asked in this session`}
          undo={`Unmute ${rule}`}
          onUndo={() => act({ command: "mute", rule, off: true })}
        >
          muted {rule}
        </Tag>
      ))}
      {budgets.map((budget) => (
        <Tag key={`b ${budget.name}`} title={`The limit of ${budget.name} for this session`}>
          {budget.name} {count(budget.limit)}
        </Tag>
      ))}
      {orders.rollback && <Tag title="The next request goes on from the chosen step">rolls back next</Tag>}
    </ul>
  );
}

function Tag({
  title,
  undo,
  onUndo,
  byRule = false,
  children,
}: {
  title: string;
  byRule?: boolean;
  undo?: string;
  onUndo?: () => void;
  children: ReactNode;
}) {
  return (
    <li
      title={title}
      className={`inline-flex h-[18px] shrink-0 items-center gap-1 rounded border px-1.5 text-xs ${byRule ? "border-policy-line bg-policy-soft text-policy" : "border-human-line bg-human-soft text-human"}`}
    >
      <span className="max-w-48 truncate">{children}</span>
      {undo && (
        <button type="button" aria-label={undo} title={undo} onClick={onUndo} className="hover:text-ink">
          <X size={11} />
        </button>
      )}
    </li>
  );
}
