// Mutes the rule of an intervention for its session, on the card itself.
import { useQuery } from "@tanstack/react-query";
import { Volume2, VolumeX } from "lucide-react";
import { oneSession } from "@/bridge/queries";
import { standing } from "@/model/orders";
import { Button } from "@/widgets/button";
import { Failure } from "@/widgets/states";
import { useControl } from "./commands";

export function MuteRule({ session, rule }: { session: string; rule: string }) {
  const control = useControl(session);
  const detail = useQuery(oneSession(session)).data;
  if (!detail) return null;
  const muted = standing(detail.orders).muted.includes(rule);
  const off = detail.state === "ended" ? "the session has ended" : null;
  return (
    <>
      <Button
        icon={muted ? Volume2 : VolumeX}
        word={muted ? "Unmute for this session" : "Mute for this session"}
        off={off}
        onClick={() => control.mutate({ command: "mute", rule, off: muted })}
      />
      {control.error != null && <Failure error={control.error} />}
    </>
  );
}
