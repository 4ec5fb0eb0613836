import { ago, agoInWords, exactTime, inWords } from "@/model/format";
import { useNow } from "./clock";

/** How long ago, the exact time on hover; `worded` where it stands in a sentence. */
export function Ago({ at, worded = false }: { at: string; worded?: boolean }) {
  const now = useNow();
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={exactTime(ms)}>
      {worded ? agoInWords(ms, now) : ago(ms, now)}
    </time>
  );
}

/** How long until then, the exact time on hover. */
export function Until({ at }: { at: string }) {
  const now = useNow();
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={exactTime(ms)}>
      {inWords(ms, now)}
    </time>
  );
}
