// Exactly what was on the wire, credentials masked; copy as a command.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ExchangeView, MessageView } from "@/bridge";
import { health } from "@/bridge/queries";
import { useBody } from "@/bridge/text";
import { asCurl } from "@/model/curl";
import { bytes } from "@/model/format";
import { Marked, Wire } from "@/widgets/code";
import { CopyButton } from "@/widgets/copy";
import { Segments } from "@/widgets/segments";
import { Failure, SkeletonRows } from "@/widgets/states";
import { readable } from "./TurnView";

const SIDES = [
  { value: "agent_request", word: "Agent sent" },
  { value: "sent_request", word: "We sent" },
  { value: "provider_response", word: "Model answered" },
  { value: "agent_response", word: "Agent got" },
] as const;

export function RawTab({ exchange }: { exchange: ExchangeView }) {
  const [side, setSide] = useState<(typeof SIDES)[number]["value"]>("agent_request");
  const [laid, setLaid] = useState(false);
  const proxy = useQuery(health).data?.proxy ?? "http://127.0.0.1:4100";
  const message = exchange[side];
  const { body, error } = useBody(message);
  const request = side === "agent_request" || side === "sent_request";
  return (
    <div>
      <div className="flex h-9 items-center gap-1 border-line border-b px-3">
        <Segments label="Which message" value={side} onValue={setSide} segments={SIDES} />
        <label className="ml-3 flex items-center gap-1.5 text-muted text-sm">
          <input type="checkbox" checked={laid} onChange={() => setLaid(!laid)} /> Lay out JSON
        </label>
        <span className="ml-auto" />
        {body && <CopyButton text={body.text} label="Copy body" />}
        {request && message && body && (
          <CopyButton
            text={() =>
              asCurl(proxy, exchange.method || "POST", exchange.path || "/", message.headers ?? [], body.text)
            }
            label="Copy as cURL"
          >
            cURL
          </CopyButton>
        )}
      </div>
      {message ? (
        <Head exchange={exchange} message={message} request={request} />
      ) : (
        <p className="px-3 py-3 text-muted">Nothing was recorded on this side.</p>
      )}
      {error !== null && error !== undefined && <Failure error={error} />}
      {message && !body && !error && <SkeletonRows rows={6} />}
      {body && (
        <div className="px-3 py-2">
          <p className="mb-1 text-faint text-xs">
            Body, {bytes(body.total)}
            {!body.whole && "; the beginning"}
          </p>
          <Wire text={laid ? readable(body.text) : body.text} label="Body" mark={MASK} />
        </div>
      )}
    </div>
  );
}

/** What the runtime writes in place of a credential. */
const MASK = "[masked]";

function Head({ exchange, message, request }: { exchange: ExchangeView; message: MessageView; request: boolean }) {
  const headers = message.headers ?? [];
  return (
    <div className="border-line border-b px-3 py-2 font-mono text-[12px] leading-[18px]">
      <p className="break-all">{request ? `${exchange.method} ${exchange.path}` : `HTTP ${message.status ?? ""}`}</p>
      {headers.map(([name, value], i) => (
        <p key={i} className="break-all">
          <span className="text-muted">{name}: </span>
          <Marked text={value} mark={MASK} />
        </p>
      ))}
    </div>
  );
}
