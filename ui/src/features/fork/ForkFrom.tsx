// "Fork": this step's request asked again, changed, with the user's own key; then both answers beside each other.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { GitFork } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { call, type ExchangeView, type ForkSession } from "@/bridge";
import { oneExchange, oneSession, policies } from "@/bridge/queries";
import { useBody } from "@/bridge/text";
import { packed, spread, wrongJson } from "@/model/arguments";
import { Button } from "@/widgets/button";
import { Check, Choice, TextField } from "@/widgets/fields";
import { Sheet, Submit } from "@/widgets/sheet";
import { Failure, Skeleton } from "@/widgets/states";

const CodeField = lazy(() => import("@/widgets/codefield"));

export function ForkFrom({ exchange }: { exchange: ExchangeView }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        aria-label="Fork from here"
        title="Fork from here: ask this step's request again, changed, and compare the answers"
        onClick={() => setOpen(true)}
        className="rounded p-1 text-muted hover:bg-hover hover:text-ink"
      >
        <GitFork size={14} />
      </button>
      {open && <ForkSheet exchange={exchange} onClose={() => setOpen(false)} />}
    </>
  );
}

/** On the card of what a rule did: the same step asked again, judged without that rule. */
export function ForkWithout({ exchange, rule }: { exchange: string; rule: string }) {
  const [open, setOpen] = useState(false);
  const { data, error } = useQuery({ ...oneExchange(exchange), enabled: open });
  return (
    <>
      <Button
        icon={GitFork}
        word="Fork without it"
        says={`Ask this step's request again, judged without ${rule}, and compare the answers`}
        onClick={() => setOpen(true)}
      />
      {open && error && <Failure error={error} again={() => setOpen(false)} />}
      {open && data && <ForkSheet exchange={data} rule={rule} onClose={() => setOpen(false)} />}
    </>
  );
}

type Sheeted = { exchange: ExchangeView; rule?: string; onClose: () => void };

function ForkSheet({ exchange, rule, onClose }: Sheeted) {
  const navigate = useNavigate();
  const models = useQuery(oneSession(exchange.session)).data?.models ?? [];
  const [way, setWay] = useState<"message" | "request">("message");
  const [model, setModel] = useState("");
  const [message, setMessage] = useState("");
  const [body, setBody] = useState<string | null>(null);
  const [without, setWithout] = useState<string[]>(rule === undefined ? [] : [rule]);
  const fork = useMutation({
    mutationFn: (args: ForkSession) => call("fork_session", args),
    onSuccess: ({ exchange: after }) =>
      void navigate({ to: "/compare/$exchange/$with", params: { exchange: exchange.id, with: after } }),
  });
  const wrong = way === "request" && body !== null ? wrongJson(body) : null;
  const submit = () => {
    if (fork.isPending || wrong !== null) return;
    const args: ForkSession = { exchange: exchange.id };
    if (model.trim() !== "") args.model = model.trim();
    if (without.length > 0) args.without = without;
    if (way === "message" && message.trim() !== "") args.message = message;
    if (way === "request" && body !== null) args.body = packed(body);
    fork.mutate(args);
  };
  return (
    <Sheet
      title={`Fork from step ${exchange.step}`}
      says="One model call, paid with the key that you configured: this step's request as it went upstream, changed as you say, in a session of its own. Your policies apply."
      width={way === "request" ? 820 : 560}
      onClose={onClose}
      error={fork.error ?? wrong}
      onSubmit={submit}
      footer={<Submit word={fork.isPending ? "Asking the model…" : "Fork"} off={fork.isPending || wrong !== null} />}
    >
      <TextField
        label="Model"
        mono
        focus
        value={model}
        onValue={setModel}
        placeholder={exchange.model}
        options={models}
      />
      <Choice
        label="Change"
        value={way}
        onValue={setWay}
        options={[
          { value: "message", word: "the last message" },
          { value: "request", word: "the whole request" },
        ]}
      />
      {way === "message" ? (
        <TextField
          label="Another last message of the user's"
          hint="After tool results it is added behind them. Empty: as recorded."
          lines={4}
          value={message}
          onValue={setMessage}
        />
      ) : (
        <WholeRequest exchange={exchange} text={body} onText={setBody} />
      )}
      <Rules without={without} onWithout={setWithout} />
    </Sheet>
  );
}

/** The rules in force, each of which the fork may do without. */
function Rules({ without, onWithout }: { without: string[]; onWithout: (without: string[]) => void }) {
  const loaded = useQuery(policies).data?.policies ?? [];
  const rules = loaded.flatMap((policy) => policy.rules.map((rule) => `${policy.name}/${rule.id}`));
  if (rules.length === 0) return null;
  return (
    <fieldset>
      <legend className="mb-0.5 text-muted text-sm">Judged by</legend>
      <div className="max-h-40 space-y-1 overflow-y-auto font-mono text-[12px]">
        {rules.map((rule) => (
          <Check
            key={rule}
            label={rule}
            checked={!without.includes(rule)}
            onChecked={(judged) => onWithout(judged ? without.filter((other) => other !== rule) : [...without, rule])}
          />
        ))}
      </div>
    </fieldset>
  );
}

type Whole = { exchange: ExchangeView; text: string | null; onText: (text: string) => void };

function WholeRequest({ exchange, text, onText }: Whole) {
  const { body } = useBody(exchange.sent_request ?? exchange.agent_request);
  if (!body) return <Skeleton width="60%" />;
  if (!body.whole) return <p className="text-error text-sm">This request is too long to edit here.</p>;
  const original = spread(body.text);
  return (
    <Suspense fallback={<Skeleton width="60%" />}>
      <CodeField label="Request body" text={text ?? original} onText={onText} language="json" />
    </Suspense>
  );
}
