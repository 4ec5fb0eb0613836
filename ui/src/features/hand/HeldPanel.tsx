// One exchange that waits for a person: what it is, why, how long its client waits, and what can be done here.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CirclePlay, Hand, MessageSquareReply, OctagonX, PencilLine, StepForward } from "lucide-react";
import { useState } from "react";
import type { HeldView } from "@/bridge";
import { oneExchange } from "@/bridge/queries";
import { useText } from "@/bridge/text";
import { packed, spread } from "@/model/arguments";
import { causeWords, pointWords, waitingWords } from "@/model/hold";
import { Button } from "@/widgets/button";
import { Wire } from "@/widgets/code";
import { Failure } from "@/widgets/states";
import { Ago } from "@/widgets/time";
import { Pill } from "@/widgets/tone";
import { ArgumentsEditor } from "./ArgumentsEditor";
import { AnswerForm, RequestEditor } from "./BodyEditor";
import { useControl } from "./commands";
import { HeldQuestion } from "./HeldQuestion";
import { useToolsOf } from "./offered";
import { Patience } from "./Patience";
import { ResponseEditor } from "./ResponseEditor";

export function HeldPanel({ held, onKill }: { held: HeldView; onKill: () => void }) {
  return (
    <section
      aria-label="Held"
      data-testid="held"
      className="border-human-line border-t bg-human-soft/40 px-3 py-2 shadow-[inset_2px_0_var(--amber-9)]"
    >
      <header className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
        <h2 className="flex min-w-0 items-center gap-1.5 font-medium">
          <Hand size={13} className="shrink-0 text-human" />
          <span className="truncate">
            Held {pointWords(held.point)}
            {held.call && <span className="ml-1.5 font-mono text-[12px]">{held.call.name}</span>}
          </span>
        </h2>
        <Pill tone="human">{causeWords(held)}</Pill>
        <span className="text-muted text-sm">
          held <Ago at={held.since} />
        </span>
        <span className="text-sm">
          <Patience held={held} />
        </span>
      </header>
      <p className="text-muted text-sm">{waitingWords(held)}</p>
      {held.cause === "escalation" && held.cause_id !== null ? (
        <HeldQuestion held={held} escalation={held.cause_id} onKill={onKill} />
      ) : (
        <Gated held={held} onKill={onKill} />
      )}
    </section>
  );
}

type Doing = "edit" | "answer" | null;

function Gated({ held, onKill }: { held: HeldView; onKill: () => void }) {
  const control = useControl(held.session);
  const [doing, setDoing] = useState<Doing>(null);
  const close = () => setDoing(null);
  const request = held.point === "model.request";
  return (
    <>
      {doing === null && <What held={held} />}
      {control.error != null && <Failure error={control.error} />}
      {doing === null && (
        <div className="mt-2 flex flex-wrap items-center gap-1.5">
          <Button
            icon={CirclePlay}
            word="Let go"
            says="Send it on as it is, and run"
            shortcut="Space"
            look="primary"
            onClick={() => control.mutate({ command: "resume" })}
          />
          <Button
            icon={StepForward}
            word="Let go and stop next"
            says="Send it on as it is, hold at the next point"
            shortcut="n"
            onClick={() => control.mutate({ command: "step" })}
          />
          <Button
            icon={PencilLine}
            word={request ? "Edit request" : held.point === "tool.call" ? "Edit arguments" : "Edit response"}
            onClick={() => setDoing("edit")}
          />
          {request && (
            <Button
              icon={MessageSquareReply}
              word="Answer"
              says="Answer without the model"
              onClick={() => setDoing("answer")}
            />
          )}
          <Button icon={OctagonX} word="Kill" says="End the session" onClick={onKill} />
          <Link
            to="/sessions/$session/steps/$exchange"
            params={{ session: held.session, exchange: held.exchange }}
            className="ml-auto text-model text-sm hover:underline"
          >
            Open its step
          </Link>
        </div>
      )}
      {doing === "answer" && <AnswerForm held={held} onClose={close} />}
      {doing === "edit" && request && <RequestEditor held={held} onClose={close} />}
      {doing === "edit" && held.point === "tool.call" && <CallEditor held={held} onClose={close} />}
      {doing === "edit" && held.point === "model.response" && <ResponseEditor held={held} onClose={close} />}
    </>
  );
}

/** What is held, in short. */
function What({ held }: { held: HeldView }) {
  const given = useText(held.call?.arguments).body?.text;
  const exchange = useQuery(oneExchange(held.exchange)).data;
  if (held.call)
    return (
      <div className="mt-1.5 max-h-40 overflow-auto rounded border border-line bg-canvas px-2 py-1 font-mono text-[12px]">
        <Wire text={given === undefined ? "…" : spread(given)} label="Arguments" />
      </div>
    );
  if (!exchange) return null;
  return (
    <p className="mt-1 truncate text-muted text-sm">
      <span className="font-mono text-[12px]">{exchange.model}</span> · {exchange.preview}
    </p>
  );
}

/** Other arguments for a held tool call. */
function CallEditor({ held, onClose }: { held: HeldView; onClose: () => void }) {
  const original = useText(held.call?.arguments).body?.text;
  const tools = useToolsOf(held.exchange);
  const control = useControl(held.session);
  if (original === undefined || tools === undefined)
    return <p className="mt-2 text-muted">Reading the tool's schema…</p>;
  const send = (text: string) =>
    control.mutate({
      command: "edit_response",
      exchange: held.exchange,
      call: held.call?.id ?? null,
      arguments: packed(text),
    });
  return (
    <ArgumentsEditor
      original={original}
      schema={tools.find((tool) => tool.name === held.call?.name)?.schema ?? null}
      error={control.error}
      busy={control.isPending}
      word="Send the edited call"
      onSend={send}
      onClose={onClose}
    />
  );
}
