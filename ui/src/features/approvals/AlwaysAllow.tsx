// "Always allow this shape": the rule that it will be, with its scope and end, to read and edit before it is saved.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type AllowScope, call, type EscalationView } from "@/bridge";
import { useText } from "@/bridge/text";
import { isObject, parseJson } from "@/model/dialect";
import { Check, Choice } from "@/widgets/fields";
import { Sheet, Submit } from "@/widgets/sheet";
import { Failure } from "@/widgets/states";

const HOUR = 3_600_000;
const ENDS = [
  { value: "hour", word: "1 hour", ms: HOUR },
  { value: "day", word: "1 day", ms: 24 * HOUR },
  { value: "week", word: "1 week", ms: 168 * HOUR },
  { value: "never", word: "never", ms: null },
] as const;
type End = (typeof ENDS)[number]["value"];

type Props = { question: EscalationView; onClose: () => void };

export function AlwaysAllow({ question, onClose }: Props) {
  const client = useQueryClient();
  const [scope, setScope] = useState<AllowScope>("session");
  const [end, setEnd] = useState<End>("day");
  const [begun] = useState(() => Date.now());
  const given = useText(question.arguments).body?.text;
  const value = given === undefined ? undefined : parseJson(given);
  const names = isObject(value) ? Object.keys(value) : [];
  const [loose, setLoose] = useState<string[]>([]);
  const same = names.filter((name) => !loose.includes(name));
  const ms = ENDS.find((one) => one.value === end)?.ms ?? null;
  const made = useQuery({
    queryKey: ["always", question.id, scope, end, same.join("\u0000")],
    queryFn: ({ signal }) =>
      call(
        "always_allow",
        {
          escalation: question.id,
          scope,
          ...(ms === null ? {} : { expires: new Date(begun + ms).toISOString() }),
          ...(loose.length === 0 ? {} : { arguments: same }),
        },
        signal,
      ),
    gcTime: 0,
  });
  const [edited, setEdited] = useState<{ of: string; text: string } | null>(null);
  const source = useText(made.data?.source).body?.text;
  const rule = made.data?.rule ?? "";
  // An edit belongs to the rule that it changed: other choices make another rule.
  const text = edited?.of === rule ? edited.text : rule;
  const save = useMutation({
    mutationFn: async () => {
      if (!made.data || source === undefined) return;
      const whole = source.slice(0, source.lastIndexOf(rule)) + text;
      await call("save_policy", { name: made.data.policy, source: whole, expected_version: made.data.version });
    },
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["policies"] });
      onClose();
    },
    // The file changed meanwhile: the rule is made again upon what is there now.
    onError: () => void made.refetch(),
  });
  return (
    <Sheet
      title="Always allow this shape"
      says={`Calls to ${question.tool} like this one no longer ask. Nothing is saved until you say so; this question still wants its answer.`}
      width={640}
      onClose={onClose}
      error={save.error}
      onSubmit={() => save.mutate()}
      footer={
        <>
          {made.data && <span className="mr-auto truncate text-muted text-sm">into {made.data.file}</span>}
          <Submit word="Save this rule" off={!made.data || source === undefined || save.isPending} />
        </>
      }
    >
      <div className="flex flex-wrap gap-6">
        <Choice
          label="For"
          value={scope}
          onValue={setScope}
          options={[
            { value: "session", word: "this session" },
            { value: "agent", word: `every session of ${question.agent}` },
            { value: "everywhere", word: "everywhere" },
          ]}
        />
        <Choice label="Ends after" value={end} onValue={setEnd} options={ENDS} />
      </div>
      {names.length > 0 && (
        <div>
          <span className="mb-0.5 block text-muted text-sm">Must be the same</span>
          <div className="flex flex-wrap gap-x-4 font-mono text-[12px]">
            {names.map((name) => (
              <Check
                key={name}
                label={name}
                checked={!loose.includes(name)}
                onChecked={(checked) => setLoose(checked ? loose.filter((one) => one !== name) : [...loose, name])}
              />
            ))}
          </div>
        </div>
      )}
      {made.error && <Failure error={made.error} />}
      <label className="block">
        <span className="mb-0.5 block text-muted text-sm">The rule as it will be saved</span>
        <textarea
          value={text}
          rows={Math.max(6, text.split("\n").length)}
          spellCheck={false}
          onChange={(event) => setEdited({ of: rule, text: event.target.value })}
          className="w-full rounded border border-edge bg-canvas px-2 py-1 font-mono text-[12px] leading-[18px] outline-none focus-visible:border-focus"
        />
      </label>
    </Sheet>
  );
}
