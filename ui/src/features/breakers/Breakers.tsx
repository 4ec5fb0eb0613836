// Every circuit breaker: what it watches, how it stands and why, and a person's hand on it.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleDashed, Hand, ShieldCheck, Unplug } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { type BreakerView, call, type SetBreaker } from "@/bridge";
import { health } from "@/bridge/queries";
import { type BreakerLook, breakerLook, figuresWords, isForced, keepsOff, troubledFirst } from "@/model/breaker";
import { plural } from "@/model/format";
import { Button } from "@/widgets/button";
import { Failure, Skeleton } from "@/widgets/states";
import { Ago } from "@/widgets/time";

const LOOKS: Record<BreakerLook, { icon: typeof Hand; tone: string }> = {
  well: { icon: ShieldCheck, tone: "text-muted" },
  trying: { icon: CircleDashed, tone: "text-error" },
  open: { icon: Unplug, tone: "text-error font-medium" },
  forced: { icon: Hand, tone: "text-human" },
};
const SHOWN = 5;

export function Breakers() {
  const { data, error, refetch } = useQuery(health);
  const [all, setAll] = useState(false);
  const breakers = troubledFirst(data?.breakers ?? []);
  if (!data) return error ? <Failure error={error} again={() => void refetch()} /> : <Skeleton width="60%" />;
  if (breakers.length === 0)
    return (
      <p className="text-muted">
        None has seen a call.{" "}
        <Link to="/policies" className="link">
          A policy declares them
        </Link>{" "}
        under <code className="font-mono text-[12px]">[breaker.NAME]</code>.
      </p>
    );
  const shown = all ? breakers : breakers.slice(0, Math.max(SHOWN, breakers.filter(keepsOff).length));
  return (
    <>
      <ul>
        {shown.map((breaker) => (
          <Row key={`${breaker.policy}/${breaker.name} ${breaker.key}`} breaker={breaker} />
        ))}
      </ul>
      {shown.length < breakers.length && (
        <button type="button" onClick={() => setAll(true)} className="text-model text-sm hover:underline">
          Show all {plural(breakers.length, "breaker")}
        </button>
      )}
    </>
  );
}

function useSetBreaker() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (args: SetBreaker) => call("set_breaker", args),
    onSettled: () => void client.invalidateQueries({ queryKey: ["health"] }),
  });
}

function Row({ breaker }: { breaker: BreakerView }) {
  const set = useSetBreaker();
  const { look, word, says } = breakerLook(breaker.state);
  const { icon: Icon, tone } = LOOKS[look];
  const acts = useRef<HTMLSpanElement>(null);
  const acted = useRef(false);
  const give = (state: SetBreaker["state"]) => {
    acted.current = true;
    set.mutate({ breaker: `${breaker.policy}/${breaker.name}`, key: breaker.key, state });
  };
  // What was pressed is gone once the breaker stands otherwise, and the row may have moved: the focus stays with it.
  useEffect(() => {
    if (!acted.current) return;
    acted.current = false;
    acts.current?.querySelector("button")?.focus();
  }, [breaker.state]);
  return (
    <li aria-label={`${breaker.per} ${breaker.key}`} className="border-line border-t py-1 text-sm first:border-t-0">
      <div className="flex min-h-6 flex-wrap items-center gap-x-2 gap-y-1">
        <span className="min-w-0 truncate font-mono text-[12px]" title={`${breaker.per} ${breaker.key}`}>
          {breaker.key}
        </span>
        <span className={`flex shrink-0 items-center gap-1 ${tone}`} title={says}>
          <Icon size={12} /> {word}
        </span>
        <span className="shrink-0 text-faint text-xs">
          {breaker.since !== null && <Ago at={breaker.since} worded />}
        </span>
        <span ref={acts} className="ml-auto flex gap-1">
          {isForced(breaker.state) ? (
            <Button
              icon={ShieldCheck}
              word="Release"
              says="Let it go by what it sees again"
              onClick={() => give("closed")}
            />
          ) : (
            <>
              {breaker.state !== "open" && (
                <Button
                  icon={Unplug}
                  word="Hold open"
                  says={`Keep calls off ${breaker.key}`}
                  onClick={() => give("forced_open")}
                />
              )}
              {breaker.state !== "closed" && (
                <Button
                  icon={Hand}
                  word="Hold closed"
                  says={`Let calls to ${breaker.key} pass, whatever it sees`}
                  onClick={() => give("forced_closed")}
                />
              )}
            </>
          )}
        </span>
      </div>
      <p className="truncate text-muted text-xs">
        {breaker.per} · {figuresWords(breaker)} ·{" "}
        <Link to="/policies/$name" params={{ name: breaker.policy }} className="hover:text-ink hover:underline">
          {breaker.policy}/{breaker.name}
        </Link>
      </p>
      {set.error && <Failure error={set.error} />}
    </li>
  );
}
