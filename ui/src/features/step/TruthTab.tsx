// Who said what to whom: agent sent → we sent → model answered → agent got, with what changed at the two places where it can.
import { ArrowRight, Bot, Equal, Server, TerminalSquare, TrainTrack } from "lucide-react";
import type { ReactNode } from "react";
import type { ExchangeView, MessageView } from "@/bridge";
import { type Body, useBody } from "@/bridge/text";
import { readAnswer } from "@/model/dialect";
import { bytes, duration } from "@/model/format";
import { SkeletonRows } from "@/widgets/states";
import { Pill } from "@/widgets/tone";
import { Difference } from "./Difference";
import { partText, readable } from "./TurnView";

export function TruthTab({ exchange }: { exchange: ExchangeView }) {
  const asked = useBody(exchange.agent_request).body;
  const sent = useBody(exchange.sent_request).body;
  const answered = useBody(exchange.provider_response).body;
  const got = useBody(exchange.agent_response).body;
  if (!asked) return <SkeletonRows rows={8} />;
  const answeredByUs = exchange.state === "answered" || (exchange.attempts.length === 0 && got !== undefined);
  return (
    <div>
      <ol aria-label="Hops" className="grid grid-cols-4 border-line border-b bg-panel text-sm">
        <Hop icon={TerminalSquare} name="Agent sent" body={asked} />
        <Hop icon={TrainTrack} name="We sent" body={answeredByUs ? undefined : sent} absent="nothing" />
        <Hop
          icon={Bot}
          name="Model answered"
          body={answered}
          absent={answeredByUs ? "was not asked" : "nothing"}
          message={exchange.provider_response}
        />
        <Hop icon={Server} name="Agent got" body={got} absent="nothing yet" message={exchange.agent_response} last />
      </ol>
      <Step
        title="On the way to the model"
        from={asked}
        to={answeredByUs ? undefined : sent}
        none="The runtime answered by itself: nothing was sent."
        shape={readable}
      />
      {exchange.attempts.length > 1 && <Attempts exchange={exchange} />}
      <Step
        title="On the way back"
        from={answered}
        to={got}
        none={
          answeredByUs
            ? "The agent got the runtime's own answer:"
            : exchange.state === "open"
              ? "The answer is still coming."
              : "No complete answer to compare."
        }
        shape={answerShape(exchange.dialect)}
      />
    </div>
  );
}

type HopProps = {
  icon: typeof Bot;
  name: string;
  body: Body | undefined;
  absent?: string;
  message?: MessageView | null;
  last?: boolean;
};

function Hop({ icon: Icon, name, body, absent = "", message, last = false }: HopProps) {
  return (
    <li className="relative flex flex-col gap-0.5 px-3 py-2">
      <span className="flex items-center gap-1.5 font-medium">
        <Icon size={13} className="shrink-0 text-muted" /> <span className="truncate">{name}</span>
      </span>
      <span className="text-muted text-xs tabular-nums">
        {body ? bytes(body.total) : absent}
        {body && message?.status != null ? ` · ${message.status}` : ""}
      </span>
      {!last && <ArrowRight size={13} className="absolute top-3 -right-1.5 text-faint" />}
    </li>
  );
}

type StepProps = {
  title: string;
  from: Body | undefined;
  to: Body | undefined;
  none: string;
  shape: (text: string) => string;
};

function Step({ title, from, to, none, shape }: StepProps) {
  let content: ReactNode;
  let mark: ReactNode = null;
  if (!from || !to) {
    content = (
      <>
        <p className="px-3 py-2 text-muted">{none}</p>
        {to && !from && <Difference before="" after={shape(to.text)} label={title} />}
      </>
    );
  } else if (from.text === to.text) {
    mark = <Pill icon={Equal}>byte for byte the same</Pill>;
    content = null;
  } else {
    mark = <Pill tone="policy">changed</Pill>;
    const before = shape(from.text);
    const after = shape(to.text);
    content =
      before === after ? (
        <p className="px-3 pb-2 text-muted">It says the same; only how it is written differs. Raw shows both.</p>
      ) : (
        <Difference before={before} after={after} label={title} />
      );
  }
  return (
    <section className="border-line border-b">
      <h3 className="flex h-8 items-center gap-2 px-3 font-medium">
        {title} {mark}
      </h3>
      {content}
    </section>
  );
}

/** An answer as what it says, part by part; where it cannot be read, as its events. */
function answerShape(dialect: string): (text: string) => string {
  return (text) => {
    const answer = readAnswer(dialect, text);
    if (answer === null) return readable(text);
    const parts = answer.turn.parts.map((part) => `${PART_HEADS[part.kind]}\n${readable(partText(part))}`);
    return [...parts, ...(answer.finish === null ? [] : [`finish: ${answer.finish}`])].join("\n\n");
  };
}

const PART_HEADS = {
  text: "text",
  reasoning: "reasoning",
  call: "tool call",
  result: "result",
  media: "media",
  other: "part",
} as const;

function Attempts({ exchange }: { exchange: ExchangeView }) {
  return (
    <section className="border-line border-b px-3 py-2 text-sm">
      <h3 className="font-medium">{exchange.attempts.length} attempts</h3>
      <ol>
        {exchange.attempts.map((attempt, i) => (
          <li key={i} className="flex flex-wrap gap-x-3 text-muted">
            <span className="num">{i + 1}</span>
            <span>
              {attempt.provider} · {attempt.model}
            </span>
            <span className={`min-w-0 break-words ${attempt.error !== null ? "text-error" : ""}`}>
              {attempt.error ?? (attempt.status === null ? "" : `status ${attempt.status}`)}
            </span>
            {attempt.why != null && <span className="min-w-0 break-words">{attempt.why}</span>}
            <span className="num ml-auto">{duration(attempt.duration_ms)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
