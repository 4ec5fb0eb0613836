// Interventions as pills.
import { MessageSquareDot, ShieldAlert, ShieldBan } from "lucide-react";
import type { RowAct } from "@/bridge";
import { Pill } from "@/widgets/tone";

const ACTS: Record<string, { icon: typeof ShieldBan; word: string; would: string }> = {
  block: { icon: ShieldBan, word: "blocked", would: "would have blocked" },
  inject: { icon: MessageSquareDot, word: "injected", would: "would have injected" },
  taint: { icon: ShieldAlert, word: "tainted", would: "would have tainted" },
};

/** The same act several times is one pill with a number. */
export function gather(acts: RowAct[]): { act: RowAct; times: number }[] {
  const found = new Map<string, { act: RowAct; times: number }>();
  for (const act of acts) {
    const key = `${act.action} ${act.mode}`;
    const known = found.get(key);
    if (known) known.times += 1;
    else found.set(key, { act, times: 1 });
  }
  return [...found.values()];
}

type ActPillProps = {
  act: Pick<RowAct, "action" | "mode" | "summary">;
  times?: number;
  rule?: string | null;
  person?: boolean;
};

/** What an intervention did, as a pill; dashed where it only would have. */
export function ActPill({ act, times = 1, rule, person = false }: ActPillProps) {
  const known = ACTS[act.action];
  const shadow = act.mode === "shadow";
  const word = known ? (shadow ? known.would : known.word) : shadow ? `would ${act.action}` : act.action;
  return (
    <Pill tone={person ? "human" : "policy"} icon={known?.icon ?? ShieldAlert} dashed={shadow} title={act.summary}>
      {word}
      {times > 1 && ` ×${times}`}
      {rule != null && <span className="opacity-75"> {rule}</span>}
    </Pill>
  );
}
