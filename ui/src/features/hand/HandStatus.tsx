// The hand in the status bar: pause or resume everything, what is armed, what waits.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleDot, CirclePause, CirclePlay, Hand } from "lucide-react";
import { useState } from "react";
import { breakpoints, escalations, pausedSessions } from "@/bridge/queries";
import { plural } from "@/model/format";
import { useBriefly } from "@/widgets/briefly";
import { useKeys } from "@/widgets/keys";
import { BreakpointsSheet } from "./Breakpoints";
import { usePauseAll } from "./commands";

const ITEM = "flex items-center gap-1 hover:text-ink";

export function HandStatus() {
  const paused = useQuery(pausedSessions).data?.length ?? 0;
  const armed = useQuery(breakpoints).data?.breakpoints.length ?? 0;
  const waiting = useQuery(escalations).data?.escalations.length ?? 0;
  const all = usePauseAll();
  const [open, setOpen] = useState(false);
  const [told, setTold] = useBriefly();
  const give = (pause: boolean) =>
    all.mutate(pause, {
      onSuccess: ({ changed }) =>
        setTold(
          changed === 0
            ? `Nothing to ${pause ? "pause" : "resume"}`
            : `${plural(changed, "session")} ${pause ? "paused" : "resumed"}`,
        ),
      onError: (error) => setTold(error.message),
    });
  useKeys({ A: () => give(paused === 0) });
  return (
    <>
      {paused > 0 ? (
        <button
          type="button"
          className={`${ITEM} text-human`}
          title="Resume all paused sessions ( A )"
          onClick={() => give(false)}
        >
          <CirclePlay size={12} /> Resume all ({paused})
        </button>
      ) : (
        <button
          type="button"
          className={ITEM}
          title="Pause all sessions at their next call ( A )"
          onClick={() => give(true)}
        >
          <CirclePause size={12} /> Pause all
        </button>
      )}
      <button
        type="button"
        className={`${ITEM} ${armed > 0 ? "text-human" : ""}`}
        title="Breakpoints: see, add, clear"
        onClick={() => setOpen(true)}
      >
        <CircleDot size={12} /> {armed === 0 ? "No breakpoints" : plural(armed, "breakpoint")}
      </button>
      {waiting > 0 && (
        <Link
          to="/approvals"
          className={`${ITEM} font-medium text-human`}
          title="Questions that wait for a person ( 3 )"
        >
          <Hand size={12} /> {waiting} waiting
        </Link>
      )}
      {told !== null && (
        <span role="status" className="text-muted">
          {told}
        </span>
      )}
      {open && <BreakpointsSheet onClose={() => setOpen(false)} />}
    </>
  );
}
