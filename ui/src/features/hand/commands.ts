// A person's commands on their way out, and what must be asked again after them.
import { type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
import { call, type EscalationView, type Order, type ResolveEscalation, type SetBreakpoint } from "@/bridge";

function touched(client: QueryClient, session: string): void {
  for (const key of [["session", session], ["timeline", session], ["interventions", session], ["sessions"]])
    void client.invalidateQueries({ queryKey: key });
}

/** Carries out a command to one session. */
export function useControl(session: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (order: Order) => call("control_session", { session, ...order }),
    onSettled: () => touched(client, session),
  });
}

/** Answers a question; an answer counts once, and a late one says so. `onAnswered` is told even where the screen moved on. */
export function useAnswer(onAnswered?: (answered: EscalationView) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (answer: ResolveEscalation) => call("resolve_escalation", answer),
    onSuccess: (answered) => onAnswered?.(answered),
    onSettled: (answered) => {
      void client.invalidateQueries({ queryKey: ["escalations"] });
      if (answered) touched(client, answered.session);
    },
  });
}

export function usePauseAll() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (pause: boolean) => call("pause_all", { pause }),
    onSettled: () => {
      for (const key of [["session"], ["sessions"]]) void client.invalidateQueries({ queryKey: key });
    },
  });
}

export function useBreakpoints() {
  const client = useQueryClient();
  const onSettled = () => void client.invalidateQueries({ queryKey: ["breakpoints"] });
  const set = useMutation({ mutationFn: (args: SetBreakpoint) => call("set_breakpoint", args), onSettled });
  const clear = useMutation({
    mutationFn: (breakpoint: string) => call("clear_breakpoint", { breakpoint }),
    onSettled,
  });
  return { set, clear };
}
