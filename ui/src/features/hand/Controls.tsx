// The levers of a live session: what stops it, what changes its next calls, what ends it.
import { useParams } from "@tanstack/react-router";
import {
  CircleDot,
  CirclePause,
  CirclePlay,
  Cpu,
  Gauge,
  History,
  MessageSquarePlus,
  OctagonX,
  RedoDot,
  StepForward,
  VolumeX,
  Wrench,
  X,
} from "lucide-react";
import { useState } from "react";
import type { Order, SessionDetail } from "@/bridge";
import { standing } from "@/model/orders";
import { useBriefly } from "@/widgets/briefly";
import { Button } from "@/widgets/button";
import { useKeys } from "@/widgets/keys";
import { Failure } from "@/widgets/states";
import { BreakpointsSheet } from "./Breakpoints";
import { useControl } from "./commands";
import { KillForm, RollbackForm } from "./EndForms";
import { HeldPanel } from "./HeldPanel";
import { BudgetForm, InjectForm, ModelForm, MuteForm, ToolsForm } from "./OrderForms";
import { StandingOrders } from "./StandingOrders";

export type Form = "inject" | "model" | "tools" | "budget" | "mute" | "rollback" | "breakpoint" | "kill";

export function Controls({ session }: { session: SessionDetail }) {
  const { exchange } = useParams({ strict: false });
  const [form, setForm] = useState<Form | null>(null);
  const control = useControl(session.id);
  const orders = standing(session.orders);
  const ended = session.state === "ended" || orders.killed !== null;
  const over = ended ? "the session has ended" : null;
  const gated = session.held.filter((held) => held.cause !== "escalation");
  const asked = session.held.length > gated.length;
  const stopped = orders.gate !== "open" || gated.length > 0;
  const step =
    over ??
    (stopped
      ? null
      : asked
        ? "a question waits for its answer: approve or deny it"
        : "nothing is held: pause first, or set a breakpoint");
  const [told, setTold] = useBriefly();
  const act = (order: Order) => control.mutate(order, { onSuccess: ({ summary }) => setTold(summary) });
  const open = (name: Form) => !ended && setForm(name);
  const toggle = () => !ended && act({ command: stopped ? "resume" : "pause" });
  useKeys({
    " ": toggle,
    n: () => step === null && act({ command: "step" }),
    N: () => step === null && act({ command: "step_over" }),
    i: () => open("inject"),
    m: () => open("model"),
    b: () => setForm("breakpoint"),
  });
  const close = () => setForm(null);
  const rollback = over ?? (exchange === undefined ? "choose the step to go back to first" : null);
  return (
    <section aria-label="Controls" className="@container shrink-0 border-line border-b">
      <div className="flex h-9 items-center gap-1 overflow-x-auto px-3 [scrollbar-width:none]">
        {stopped ? (
          <Button icon={CirclePlay} word="Resume" shortcut="Space" look="human" off={over} onClick={toggle} />
        ) : (
          <Button
            icon={CirclePause}
            word="Pause"
            says="Hold at the next model call"
            shortcut="Space"
            off={over}
            onClick={toggle}
          />
        )}
        <Button
          icon={StepForward}
          word="Step"
          says="Let what is held go, hold at the next point"
          shortcut="n"
          off={step}
          onClick={() => act({ command: "step" })}
        />
        <Button
          icon={RedoDot}
          word="Step over"
          says="Over tools: hold at the next model call"
          shortcut="N"
          off={step}
          onClick={() => act({ command: "step_over" })}
        />
        <Gap />
        <Button
          icon={MessageSquarePlus}
          word="Inject"
          says="A word to the model"
          shortcut="i"
          off={over}
          onClick={() => open("inject")}
        />
        <Button icon={Cpu} word="Model" says="Switch the model" shortcut="m" off={over} onClick={() => open("model")} />
        <Button
          icon={Wrench}
          shy
          word="Tools"
          says="Withhold or offer tools"
          off={over}
          onClick={() => open("tools")}
        />
        <Button icon={Gauge} shy word="Budget" says="Set or raise a budget" off={over} onClick={() => open("budget")} />
        <Button
          icon={VolumeX}
          shy
          word="Mute"
          says="Take a rule out of force for this session"
          off={over}
          onClick={() => open("mute")}
        />
        <Gap />
        <Button
          icon={CircleDot}
          shy
          word="Breakpoint"
          says="Stop where a condition holds"
          shortcut="b"
          onClick={() => setForm("breakpoint")}
        />
        <Button
          icon={History}
          shy
          word="Roll back"
          says="The next request goes on from the chosen step"
          off={rollback}
          onClick={() => open("rollback")}
        />
        <Button icon={OctagonX} word="Kill" says="End the session" off={over} onClick={() => open("kill")} />
        <StandingOrders orders={orders} act={act} />
        {told !== null && (
          <span role="status" className="ml-auto truncate pl-2 text-muted text-sm">
            {told}
          </span>
        )}
      </div>
      {control.error != null && <Told error={control.error} onClose={() => control.reset()} />}
      {session.held.map((held) => (
        <HeldPanel key={`${held.exchange} ${held.point} ${held.since}`} held={held} onKill={() => open("kill")} />
      ))}
      {form === "inject" && <InjectForm session={session.id} onClose={close} />}
      {form === "model" && <ModelForm session={session} onClose={close} />}
      {form === "tools" && <ToolsForm session={session} orders={orders} onClose={close} />}
      {form === "budget" && <BudgetForm session={session.id} orders={orders} onClose={close} />}
      {form === "mute" && <MuteForm session={session.id} orders={orders} onClose={close} />}
      {form === "rollback" && exchange !== undefined && (
        <RollbackForm session={session.id} exchange={exchange} onClose={close} />
      )}
      {form === "kill" && <KillForm session={session} onClose={close} />}
      {form === "breakpoint" && <BreakpointsSheet session={session.id} onClose={close} />}
    </section>
  );
}

const Gap = () => <span aria-hidden className="mx-1 h-4 w-px shrink-0 bg-line" />;

function Told({ error, onClose }: { error: unknown; onClose: () => void }) {
  return (
    <div className="flex items-start">
      <div className="min-w-0 flex-1">
        <Failure error={error} />
      </div>
      <button
        type="button"
        aria-label="Dismiss"
        onClick={onClose}
        className="mt-3 mr-3 rounded p-1 text-muted hover:bg-hover"
      >
        <X size={13} />
      </button>
    </div>
  );
}
