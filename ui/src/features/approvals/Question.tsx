// One question in full: who asks for what, why the rule asks, what was said, what was decided before, and the answer.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ShieldPlus } from "lucide-react";
import { type ReactNode, type RefObject, useState } from "react";
import { beginning, type EscalationView } from "@/bridge";
import { allEscalations } from "@/bridge/queries";
import { useText } from "@/bridge/text";
import { spread } from "@/model/arguments";
import { alike, outcome } from "@/model/escalation";
import { duration, exactTime, oneLine } from "@/model/format";
import { Button } from "@/widgets/button";
import { Wire } from "@/widgets/code";
import { CopyButton } from "@/widgets/copy";
import { Ago } from "@/widgets/time";
import { Pill } from "@/widgets/tone";
import { AnswerQuestion, type Hands, Patience } from "../hand";
import { Difference } from "../step/Difference";
import { AlwaysAllow } from "./AlwaysAllow";
import { Deadline, STATE_LOOK } from "./QuestionRow";

type Props = {
  question: EscalationView;
  hands?: RefObject<Hands | null>;
  onAnswered?: (answered: EscalationView) => void;
  /** Leaves one that was answered elsewhere. */
  onNext?: () => void;
};

export function Question({ question, hands, onAnswered, onNext }: Props) {
  const [always, setAlways] = useState(false);
  const pending = question.state === "pending";
  return (
    <article aria-label="Question" className="min-h-0 overflow-y-auto px-4 py-3">
      <header className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
        <h2 className="min-w-0 break-words font-semibold">
          {question.question || (
            <>
              {question.agent} wants to call{" "}
              <span className="font-mono text-[12px]">{question.tool ?? "the model"}</span>
            </>
          )}
        </h2>
        <Pill tone={STATE_LOOK[question.state].tone} icon={STATE_LOOK[question.state].icon}>
          {outcome(question)}
        </Pill>
        {pending && (
          <span className="text-muted text-sm">
            <Deadline at={question.expires_at} />, then {question.on_timeout === "stop" ? "denied and ended" : "denied"}
          </span>
        )}
        {question.hold && (
          <span className="text-sm">
            <Patience held={question.hold} />
          </span>
        )}
      </header>
      {!pending && <Outcome question={question} onNext={onNext} />}
      {question.edit !== null && <Edit question={question} />}
      <div className="mt-2">
        <AnswerQuestion
          question={question}
          shortcuts
          {...(hands ? { hands } : {})}
          {...(onAnswered ? { onAnswered } : {})}
        >
          {question.tool !== null && (
            <Button
              icon={ShieldPlus}
              word="Always allow this shape…"
              says="A rule that answers such calls; shown before it is saved"
              onClick={() => setAlways(true)}
            />
          )}
        </AnswerQuestion>
      </div>
      <dl className="mt-3 grid grid-cols-[72px_minmax(0,1fr)] gap-x-3 gap-y-1.5 text-sm">
        {question.intent !== null && <Fact name="Intent">{beginning(question.intent)}</Fact>}
        <Fact name="Agent">
          {question.agent} ·{" "}
          <Link
            to="/sessions/$session/steps/$exchange"
            params={{ session: question.session, exchange: question.exchange }}
            search={{ tab: "policy" }}
            className="link"
          >
            {oneLine(question.title).slice(0, 90) || "open its session"}
          </Link>
        </Fact>
        <Fact name="Rule">
          <Link to="/policies/$name" params={{ name: question.policy }} className="font-medium hover:underline">
            {question.policy}/{question.rule}
          </Link>
          <Read values={question.values} />
        </Fact>
        <Fact name="Said">
          <ol className="space-y-1">
            {question.messages.map((message, i) => (
              <li key={i} className="flex gap-2">
                <span className="w-16 shrink-0 text-faint">{message.role}</span>
                <span className="line-clamp-3 min-w-0 break-words">{message.text}</span>
              </li>
            ))}
          </ol>
        </Fact>
        <Fact name="Before">
          <Past question={question} />
        </Fact>
        <Fact name="Digest">
          <span className="inline-flex items-center gap-1 font-mono text-[12px] text-muted" title={question.digest}>
            {question.digest.slice(0, 12)}
            <CopyButton text={question.digest} label="Copy digest" />
          </span>
        </Fact>
        <Fact name="Asked">
          <Ago at={question.opened_at} worded />{" "}
          <span className="text-faint">{exactTime(Date.parse(question.opened_at))}</span>
        </Fact>
      </dl>
      {always && <AlwaysAllow question={question} onClose={() => setAlways(false)} />}
    </article>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-faint">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}

/** What the rule's condition read. */
function Read({ values }: { values: EscalationView["values"] }) {
  const read = Object.entries(values);
  if (read.length === 0) return null;
  return (
    <ul aria-label="What the rule read" className="mt-0.5 font-mono text-[12px] text-muted">
      {read.map(([name, value]) => (
        <li key={name} className="flex gap-2">
          <span className="shrink-0">{name} =</span>
          <span className="max-h-20 min-w-0 overflow-auto text-ink">
            <Wire text={typeof value === "string" ? value : JSON.stringify(value)} label={name} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function Outcome({ question, onNext }: { question: EscalationView; onNext?: (() => void) | undefined }) {
  const took = question.decided_at === null ? null : Date.parse(question.decided_at) - Date.parse(question.opened_at);
  return (
    <p role="status" className="mt-1 text-muted">
      {outcome(question)}
      {question.decided_at !== null && (
        <>
          {" "}
          <Ago at={question.decided_at} worded />
        </>
      )}
      {took !== null && `, after ${duration(took)}`}
      {question.reason !== null && question.reason !== "" && <>: “{question.reason}”</>}
      {onNext && (
        <button type="button" onClick={onNext} className="ml-3 link">
          Next question
        </button>
      )}
    </p>
  );
}

/** What a person changed before it was approved. */
function Edit({ question }: { question: EscalationView }) {
  const before = useText(question.arguments).body?.text;
  const after = useText(question.edit).body?.text;
  if (before === undefined || after === undefined) return null;
  return (
    <div className="mt-2 max-h-48 overflow-auto rounded border border-line bg-canvas">
      <Difference before={spread(before)} after={spread(after)} label="What was edited" />
    </div>
  );
}

const SHOWN = 5;

function Past({ question }: { question: EscalationView }) {
  const all = useQuery(allEscalations).data?.escalations ?? [];
  const past = alike(question, all);
  if (past.length === 0) return <span className="text-faint">The first question of this rule about this tool.</span>;
  return (
    <ul aria-label="Past decisions on the like" className="space-y-1">
      {past.slice(0, SHOWN).map((one) => {
        const { icon: Icon, tone } = STATE_LOOK[one.state];
        return (
          <li key={one.id} className="flex items-center gap-2">
            <Pill tone={tone} icon={Icon}>
              {outcome(one)}
            </Pill>
            <span className="min-w-0 flex-1 truncate font-mono text-[12px] text-muted">
              {oneLine(beginning(one.edit ?? one.arguments))}
            </span>
            <span className="shrink-0 text-faint text-xs">
              <Ago at={one.decided_at ?? one.opened_at} />
            </span>
          </li>
        );
      })}
      {past.length > SHOWN && <li className="text-faint">and {past.length - SHOWN} more</li>}
    </ul>
  );
}
