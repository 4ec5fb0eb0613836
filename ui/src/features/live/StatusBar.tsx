// Always there: where agents connect, whether the record is whole, what today costs.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check, CircleAlert, CircleDot, Copy, Keyboard, PlugZap, ShieldAlert, Unplug } from "lucide-react";
import type { HealthView } from "@/bridge";
import { health, metrics } from "@/bridge/queries";
import { bytes, money, plural } from "@/model/format";
import { useNow } from "@/widgets/clock";
import { useCopy } from "@/widgets/copy";
import { AlertList } from "../alerts";
import { BreakerStatus } from "../breakers";
import { HandStatus } from "../hand";
import { useConnection } from "./changes";

export function StatusBar({ onHelp }: { onHelp: () => void }) {
  const { data } = useQuery(health);
  const connection = useConnection((store) => store.connection);
  const today = useToday();
  const spent = useQuery(metrics(today)).data;
  return (
    <footer
      role="contentinfo"
      aria-label="Status"
      className="flex h-6 shrink-0 items-center gap-4 overflow-hidden whitespace-nowrap border-line border-t bg-panel px-3 text-muted text-xs"
    >
      <ProxyAddress address={data?.proxy} />
      {connection !== "lost" && <Recording health={data} />}
      <HandStatus />
      <AlertList />
      <BreakerStatus />
      {data && <BrokenPolicies policies={data.policies} />}
      {data !== undefined && data.dropped_events > 0 && (
        <span className="flex items-center gap-1 text-error">
          <CircleAlert size={12} /> {plural(data.dropped_events, "record")} dropped
        </span>
      )}
      <span className="ml-auto" />
      {connection !== "live" && (
        <span role="status" className="flex items-center gap-1 text-error">
          <Unplug size={12} /> {connection === "connecting" ? "Connecting…" : "Not live: reconnecting"}
        </span>
      )}
      {spent && (
        <Link to="/overview" className="num hover:text-ink" title="Spend since local midnight">
          Today {money(spent.cost_usd, spent.estimated)}
        </Link>
      )}
      <button
        type="button"
        onClick={onHelp}
        aria-label="Keyboard shortcuts"
        title="Keyboard shortcuts (?)"
        className="hover:text-ink"
      >
        <Keyboard size={13} />
      </button>
    </footer>
  );
}

/** Local midnight as RFC 3339; changes once a day. */
export function useToday(): string {
  const now = new Date(useNow());
  return new Date(now.getFullYear(), now.getMonth(), now.getDate()).toISOString();
}

function ProxyAddress({ address }: { address: string | undefined }) {
  const [copied, copy] = useCopy();
  if (!address) return null;
  return (
    <button
      type="button"
      data-testid="proxy-address"
      aria-label={`Copy proxy address ${address}`}
      title="Proxy address: click to copy"
      onClick={() => copy(address)}
      className="flex items-center gap-1 font-mono hover:text-ink"
    >
      <PlugZap size={12} />
      {address.replace("http://", "")}
      {copied ? <Check size={11} className="text-ok" /> : <Copy size={11} className="opacity-60" />}
    </button>
  );
}

function Recording({ health }: { health: HealthView | undefined }) {
  if (!health) return <span>…</span>;
  const { ledger } = health;
  const detail = [
    `Ledger ${bytes(ledger.bytes)}`,
    `queue ${bytes(health.queue_bytes)}`,
    ledger.recorded_late > 0 ? `${plural(ledger.recorded_late, "answer")} recorded late` : "",
  ];
  const title = detail.filter((part) => part !== "").join(" · ");
  if (!ledger.ok) {
    return (
      <span role="status" data-testid="recording" className="flex min-w-0 items-center gap-1 text-error" title={title}>
        <CircleAlert size={12} className="shrink-0" />
        <span className="truncate">Recording degraded{ledger.error === null ? "" : `: ${ledger.error}`}</span>
      </span>
    );
  }
  return (
    <span role="status" data-testid="recording" className="flex items-center gap-1" title={title}>
      <CircleDot size={12} className="text-ok" /> Recording
    </span>
  );
}

/** Policies whose files have errors: a person who relies on them must see it. */
function BrokenPolicies({ policies }: { policies: HealthView["policies"] }) {
  const broken = policies.filter((policy) => policy.error !== null);
  const first = broken[0];
  if (!first) return null;
  return (
    <Link
      to="/policies/$name"
      params={{ name: first.name }}
      title={first.error ?? ""}
      className="flex min-w-0 items-center gap-1 text-error hover:underline"
    >
      <ShieldAlert size={12} className="shrink-0" />
      <span className="truncate">
        {broken.length === 1 ? `Policy ${first.name} has an error` : `${broken.length} policies have errors`}
      </span>
    </Link>
  );
}
