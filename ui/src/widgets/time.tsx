import { ago, exactTime } from "@/model/format";
import { useNow } from "./clock";

/** How long ago, the exact time on hover. */
export function Ago({ at }: { at: string }) {
  const now = useNow();
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={exactTime(ms)}>
      {ago(ms, now)}
    </time>
  );
}
