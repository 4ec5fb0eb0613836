// Where sessions stop by themselves: those that are armed, and a new one.
import { useQuery } from "@tanstack/react-query";
import { CircleDot, Trash2 } from "lucide-react";
import { useState } from "react";
import { type BreakpointView, CommandError } from "@/bridge";
import { breakpoints, policies } from "@/bridge/queries";
import { plural } from "@/model/format";
import { Choice, TextField } from "@/widgets/fields";
import { Sheet, Submit } from "@/widgets/sheet";
import { Failure } from "@/widgets/states";
import { useBreakpoints } from "./commands";

const POINTS = [
  { value: "model.request", word: "model request", says: "Before a model call" },
  { value: "tool.call", word: "tool call", says: "Before the agent gets a call" },
  { value: "model.response", word: "model response", says: "Before the agent gets an answer" },
] as const;

const EXAMPLES: Record<(typeof POINTS)[number]["value"], string> = {
  "model.request": "request.tokens > 50000",
  "tool.call": "tool.name == 'delete_file'",
  "model.response": "response.text.contains('sorry')",
};

export function BreakpointsSheet({ session, onClose }: { session?: string; onClose: () => void }) {
  const { data } = useQuery(breakpoints);
  const { set, clear } = useBreakpoints();
  const [on, setOn] = useState<(typeof POINTS)[number]["value"]>("tool.call");
  const [when, setWhen] = useState("");
  const [rule, setRule] = useState("");
  const rules = useRules(on);
  const [only, setOnly] = useState<"here" | "all">(session ? "here" : "all");
  const armed = data?.breakpoints ?? [];
  const add = () =>
    set.mutate(
      {
        on,
        ...(when.trim() === "" ? {} : { when: when.trim() }),
        ...(rules.includes(rule) ? { rule } : {}),
        ...(session && only === "here" ? { session } : {}),
      },
      {
        onSuccess: () => {
          setWhen("");
          setRule("");
        },
      },
    );
  return (
    <Sheet
      title="Breakpoints"
      says="A session stops where a condition holds, and waits for you."
      width={540}
      onClose={onClose}
      onSubmit={add}
      footer={<Submit word="Add breakpoint" off={set.isPending} />}
    >
      <ul aria-label="Armed breakpoints" className="rounded border border-line">
        {armed.length === 0 && <li className="px-3 py-1.5 text-muted">None is armed: add one below.</li>}
        {armed.map((one) => (
          <li key={one.id} className="flex h-7 items-center gap-2 border-line border-t px-3 first:border-t-0">
            <CircleDot size={12} className="shrink-0 text-human" />
            <span className="shrink-0 text-muted text-sm">{one.on}</span>
            <span className="min-w-0 flex-1 truncate font-mono text-[12px]" title={stopsWhere(one)}>
              {stopsWhere(one)}
            </span>
            <span className="shrink-0 text-faint text-xs">
              {one.session === null ? "every session" : one.session === session ? "this session" : one.session} ·{" "}
              {plural(one.hits, "hit")}
            </span>
            <button
              type="button"
              aria-label={`Clear ${one.name}`}
              title="Clear"
              onClick={() => clear.mutate(one.id)}
              className="rounded p-1 text-muted hover:bg-hover hover:text-error"
            >
              <Trash2 size={12} />
            </button>
          </li>
        ))}
      </ul>
      {clear.error != null && <Failure error={clear.error} />}
      <div className="flex flex-wrap gap-4">
        <Choice label="Stop at" value={on} onValue={setOn} options={POINTS} />
        {session && (
          <Choice
            label="Where"
            value={only}
            onValue={setOnly}
            options={[
              { value: "here", word: "this session" },
              { value: "all", word: "every session" },
            ]}
          />
        )}
      </div>
      <TextField
        label="When (CEL, as a rule's condition; empty: always)"
        mono
        focus
        value={when}
        onValue={(text) => {
          setWhen(text);
          set.reset();
        }}
        placeholder={EXAMPLES[on]}
      />
      {rules.length > 0 && (
        <label className="block">
          <span className="mb-1 block text-muted text-sm">Only where this rule matches, in whatever mode</span>
          <select
            value={rules.includes(rule) ? rule : ""}
            onChange={(event) => setRule(event.target.value)}
            className="h-7 w-full rounded border border-edge bg-canvas px-2 font-mono text-[12px]"
          >
            <option value="">whatever rules say</option>
            {rules.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
      {set.error != null && <Located error={set.error} />}
    </Sheet>
  );
}

/** The rules in force that look at a point. */
function useRules(on: string): string[] {
  const { data } = useQuery(policies);
  return (data?.policies ?? []).flatMap((policy) =>
    policy.rules.flatMap((rule) => (rule.on === on ? [`${policy.name}/${rule.id}`] : [])),
  );
}

function stopsWhere({ when, rule }: BreakpointView): string {
  return [rule === null ? null : `rule ${rule}`, when].filter((part) => part !== null).join(" && ") || "always";
}

/** The message points into the condition, so its columns must line up. */
function Located({ error }: { error: unknown }) {
  if (!(error instanceof CommandError) || !error.message.includes("\n")) return <Failure error={error} />;
  return (
    <div role="alert" className="rounded border border-error-line bg-error-soft px-3 py-2">
      <pre className="overflow-x-auto whitespace-pre text-[12px] leading-[18px]">{error.message}</pre>
      {error.hint !== null && <p className="text-muted text-sm">{error.hint}</p>}
    </div>
  );
}
