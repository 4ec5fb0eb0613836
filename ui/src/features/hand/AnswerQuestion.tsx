// The answer to one question: its arguments to read or to edit, and approve, deny with a reason. The inbox and the held panel share it.
import { Check, CircleX, PencilLine } from "lucide-react";
import { type ReactNode, type RefObject, useState } from "react";
import type { Decision, EscalationView } from "@/bridge";
import { useText } from "@/bridge/text";
import { packed, spread } from "@/model/arguments";
import { Button } from "@/widgets/button";
import { Wire } from "@/widgets/code";
import { FIELD } from "@/widgets/fields";
import { Failure, Skeleton } from "@/widgets/states";
import { ArgumentsEditor } from "./ArgumentsEditor";
import { MessageEditor } from "./BodyEditor";
import { useAnswer } from "./commands";

/** What keys outside do with the question that is shown. */
export type Hands = { approve: () => void; deny: () => void; edit: () => void };

type Props = {
  question: EscalationView;
  /** Filled while the question can be answered. */
  hands?: RefObject<Hands | null>;
  shortcuts?: boolean;
  onAnswered?: (answered: EscalationView) => void;
  children?: ReactNode;
};

export function AnswerQuestion({ question, hands, shortcuts = false, onAnswered, children }: Props) {
  const answer = useAnswer(onAnswered);
  const [doing, setDoing] = useState<"edit" | "deny" | null>(null);
  const [reason, setReason] = useState("");
  const original = useText(question.arguments).body?.text;
  const schema = useText(question.schema).body?.text ?? null;
  const open = question.state === "pending" && !answer.isSuccess;
  const give = (decision: Decision, more: { edit?: string; reason?: string } = {}) => {
    if (!open || answer.isPending) return;
    answer.mutate({ escalation: question.id, decision, ...more });
  };
  const cannot = (act: Decision) => (question.allow.includes(act) ? null : "the rule does not allow this answer");
  const approve = () => cannot("approve") === null && give("approve");
  const deny = () => cannot("deny") === null && setDoing("deny");
  const edit = () => cannot("edit") === null && original !== undefined && setDoing("edit");
  if (hands) hands.current = open ? { approve, deny, edit } : null;
  const key = (name: string) => (shortcuts ? { shortcut: name } : {});
  const editor = {
    error: answer.error,
    busy: answer.isPending,
    word: "Approve edited",
    onClose: () => setDoing(null),
  };
  if (question.arguments !== null && original === undefined) return <Skeleton width="60%" />;
  return (
    <div>
      {doing === "edit" && question.tool !== null && (
        <ArgumentsEditor
          {...editor}
          original={original ?? "{}"}
          schema={schema}
          onSend={(text) => give("edit", { edit: packed(text) })}
        />
      )}
      {doing === "edit" && question.tool === null && (
        <MessageEditor {...editor} original={original ?? ""} onSend={(text) => give("edit", { edit: text })} />
      )}
      {doing !== "edit" && (
        <>
          {original !== undefined && (
            <div className="max-h-64 overflow-auto rounded border border-line bg-canvas px-2 py-1 font-mono text-[12px]">
              <Wire text={question.tool === null ? original : spread(original)} label="Arguments" />
            </div>
          )}
          {answer.error != null && <Failure error={answer.error} />}
          {doing === "deny" && (
            <form
              className="mt-2 flex items-center gap-1.5"
              onSubmit={(event) => {
                event.preventDefault();
                give("deny", reason.trim() === "" ? {} : { reason: reason.trim() });
              }}
            >
              <input
                aria-label="Reason"
                // biome-ignore lint/a11y/noAutofocus: opened to type here
                autoFocus
                value={reason}
                onChange={(event) => setReason(event.target.value)}
                onKeyDown={(event) => event.key === "Escape" && setDoing(null)}
                placeholder="Why not? The model is told (optional). Enter denies."
                className={`${FIELD} h-6`}
              />
              <button
                type="submit"
                className="inline-flex h-6 shrink-0 items-center gap-1.5 rounded border border-error-line bg-error-soft px-2 text-error text-sm"
              >
                <CircleX size={12} /> Deny
              </button>
              <button
                type="button"
                onClick={() => setDoing(null)}
                className="h-6 shrink-0 rounded border border-line bg-canvas px-2 text-sm hover:bg-hover"
              >
                Cancel
              </button>
            </form>
          )}
          {doing === null && open && (
            <div className="mt-2 flex flex-wrap items-center gap-1.5">
              <Button
                icon={Check}
                word="Approve"
                look="primary"
                off={cannot("approve")}
                onClick={approve}
                {...key("a")}
              />
              <Button
                icon={PencilLine}
                word="Edit and approve"
                says="Edit first; the edit goes through the policies again and the model is told"
                off={cannot("edit")}
                onClick={edit}
                {...key("e")}
              />
              <Button icon={CircleX} word="Deny" look="danger" off={cannot("deny")} onClick={deny} {...key("x")} />
              {children}
            </div>
          )}
        </>
      )}
    </div>
  );
}
