// Forms of the orders that change calls to come: inject, model, tools, budget, mute.
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { InjectRole, Order, OrderScope, SessionDetail } from "@/bridge";
import { policies } from "@/bridge/queries";
import type { Standing } from "@/model/orders";
import { Check, Choice, FIELD, TextField } from "@/widgets/fields";
import { Sheet, Submit } from "@/widgets/sheet";
import { useControl } from "./commands";
import { useOffered } from "./offered";

/** A command that closes its sheet when it was carried out. */
export function useOrder(session: string, onClose: () => void) {
  const control = useControl(session);
  const give = (order: Order) => control.mutate(order, { onSuccess: onClose });
  return { give, error: control.error, busy: control.isPending };
}

type Props = { session: string; onClose: () => void };

export function InjectForm({ session, onClose }: Props) {
  const [text, setText] = useState("");
  const [role, setRole] = useState<InjectRole>("user");
  const [standing, setStanding] = useState(false);
  const { give, error, busy } = useOrder(session, onClose);
  return (
    <Sheet
      title="Inject a message"
      says="The model gets it with the next request, as if the agent had sent it."
      onClose={onClose}
      error={error}
      onSubmit={() => give({ command: "inject", role, text, standing })}
      footer={<Submit word="Inject" off={busy || text.trim() === ""} />}
    >
      <TextField label="Message" lines={4} focus value={text} onValue={setText} />
      <div className="flex items-end gap-6">
        <Choice
          label="As"
          value={role}
          onValue={setRole}
          options={[
            { value: "user", word: "user" },
            { value: "system", word: "system" },
          ]}
        />
        <Check label="Anew in each run" checked={standing} onChecked={setStanding} />
      </div>
    </Sheet>
  );
}

export function ModelForm({ session, onClose }: { session: SessionDetail; onClose: () => void }) {
  const [model, setModel] = useState("");
  const [scope, setScope] = useState<OrderScope>("session");
  const { give, error, busy } = useOrder(session.id, onClose);
  return (
    <Sheet
      title="Switch the model"
      says={`Now ${session.models.at(-1) ?? "unknown"}. The new one must be of the same provider.`}
      onClose={onClose}
      error={error}
      onSubmit={() => give({ command: "model", model: model.trim(), scope })}
      footer={<Submit word="Switch" off={busy || model.trim() === ""} />}
    >
      <TextField label="Model" focus mono value={model} onValue={setModel} options={session.models} />
      <Choice
        label="For"
        value={scope}
        onValue={setScope}
        options={[
          { value: "call", word: "the next call" },
          { value: "run", word: "this run", says: "Until the next user message" },
          { value: "session", word: "the session" },
        ]}
      />
    </Sheet>
  );
}

export function ToolsForm({
  session,
  orders,
  onClose,
}: {
  session: SessionDetail;
  orders: Standing;
  onClose: () => void;
}) {
  const offered = useOffered(session.id);
  const names = [...new Set([...(offered ?? []).map((tool) => tool.name), ...orders.withheld])];
  const [without, setWithout] = useState(() => new Set(orders.withheld));
  const { give, error, busy } = useOrder(session.id, onClose);
  const withhold = names.filter((name) => without.has(name) && !orders.withheld.includes(name));
  const offer = orders.withheld.filter((name) => !without.has(name));
  return (
    <Sheet
      title="Tools that the model is offered"
      says="What is not ticked is left out of every request of this session from now on."
      onClose={onClose}
      error={error}
      onSubmit={() => give({ command: "tools", withhold, offer })}
      footer={<Submit word="Apply" off={busy || withhold.length + offer.length === 0} />}
    >
      {offered === undefined && <p className="text-muted">Reading the last request…</p>}
      {offered !== undefined && names.length === 0 && (
        <p className="text-muted">The agent's last request offers none.</p>
      )}
      <div className="max-h-72 space-y-1 overflow-y-auto font-mono text-[12px]">
        {names.map((name) => (
          <Check
            key={name}
            label={name}
            checked={!without.has(name)}
            onChecked={(checked) => {
              const next = new Set(without);
              if (checked) next.delete(name);
              else next.add(name);
              setWithout(next);
            }}
          />
        ))}
      </div>
    </Sheet>
  );
}

/** `meant`: the budget that its gauge was pressed for, with its limit in words. */
export function BudgetForm({
  session,
  orders,
  meant,
  onClose,
}: Props & { orders: Standing; meant?: { name: string; limit: string } | undefined }) {
  const loaded = useQuery(policies).data?.policies ?? [];
  const names = loaded.flatMap((policy) =>
    policy.rules.flatMap(({ id, lowered_from: from }) =>
      from === "budget" || (from === id && id.includes("budget")) ? [id] : [],
    ),
  );
  const known = [...new Set([...names, ...orders.budgets.map((budget) => budget.name)])];
  const [name, setName] = useState<string | null>(meant?.name ?? null);
  const chosen = name ?? known[0] ?? "";
  const [how, setHow] = useState<"raise" | "set">("raise");
  const [amount, setAmount] = useState("");
  const number = Number(amount.replaceAll("_", ""));
  const { give, error, busy } = useOrder(session, onClose);
  return (
    <Sheet
      title="Set or raise a budget"
      says="For this session only; the policy stays as it is."
      onClose={onClose}
      error={error}
      onSubmit={() => give({ command: "budget", name: chosen.trim(), [how]: number })}
      footer={
        <Submit
          word={how === "raise" ? "Raise" : "Set"}
          off={busy || chosen.trim() === "" || amount.trim() === "" || !(number >= 0)}
        />
      }
    >
      <TextField
        label="Budget"
        mono
        value={chosen}
        onValue={setName}
        options={known}
        hint={
          meant && chosen === meant.name
            ? `Its limit is ${meant.limit} now.`
            : "Its key, such as token_budget_per_session or budget.NAME, or policy/rule."
        }
      />
      <div className="flex items-end gap-4">
        <Choice
          label="How"
          value={how}
          onValue={setHow}
          options={[
            { value: "raise", word: "raise by" },
            { value: "set", word: "set to" },
          ]}
        />
        <div className="flex-1">
          <TextField label="Amount" focus mono value={amount} onValue={setAmount} placeholder="10000" />
        </div>
      </div>
    </Sheet>
  );
}

export function MuteForm({ session, orders, onClose }: Props & { orders: Standing }) {
  const loaded = useQuery(policies).data?.policies ?? [];
  const rules = loaded.flatMap((policy) => policy.rules.map((rule) => `${policy.name}/${rule.id}`));
  const left = rules.filter((rule) => !orders.muted.includes(rule));
  const [rule, setRule] = useState<string | null>(null);
  const chosen = rule ?? left[0] ?? "";
  const { give, error, busy } = useOrder(session, onClose);
  return (
    <Sheet
      title="Mute a rule"
      says="It is not asked in this session until it is put back. Other sessions keep it."
      onClose={onClose}
      error={error}
      onSubmit={() => give({ command: "mute", rule: chosen })}
      footer={<Submit word="Mute" off={busy || chosen === ""} />}
    >
      {left.length === 0 ? (
        <p className="text-muted">No rule is in force that is not muted already.</p>
      ) : (
        <label className="block">
          <span className="mb-0.5 block text-muted text-sm">Rule</span>
          <select
            value={chosen}
            onChange={(event: FormEvent<HTMLSelectElement>) => setRule(event.currentTarget.value)}
            className={`${FIELD} h-7 font-mono text-[12px]`}
          >
            {left.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
    </Sheet>
  );
}
