// The tools: what was called in this answer, what came back in this request, what was on offer.
import { ChevronRight, Wrench } from "lucide-react";
import { useMemo } from "react";
import type { ExchangeView } from "@/bridge";
import { useBody } from "@/bridge/text";
import { type Part, readAnswer, readRequest } from "@/model/dialect";
import { oneLine, plural } from "@/model/format";
import { Wire } from "@/widgets/code";
import { Empty, SkeletonRows } from "@/widgets/states";
import { newFrom } from "./MessagesTab";
import { TurnView } from "./TurnView";

export function ToolsTab({ exchange }: { exchange: ExchangeView }) {
  const request = useBody(exchange.agent_request);
  const proposed = useBody(exchange.provider_response ?? exchange.agent_response);
  const said = useMemo(
    () => (request.body ? readRequest(exchange.dialect, request.body.text) : null),
    [request.body, exchange.dialect],
  );
  const answer = useMemo(
    () => (proposed.body ? readAnswer(exchange.dialect, proposed.body.text) : null),
    [proposed.body, exchange.dialect],
  );
  if (!request.body) return <SkeletonRows rows={8} />;
  const calls = (answer?.turn.parts ?? []).filter((part): part is Part & { kind: "call" } => part.kind === "call");
  const turns = said?.turns ?? [];
  const results = turns
    .slice(newFrom(turns, exchange.new_messages))
    .flatMap((turn) => turn.parts.filter((part) => part.kind === "result"));
  const offered = said?.tools ?? [];
  if (calls.length + results.length + offered.length === 0) {
    return (
      <Empty icon={Wrench} title="No tools here">
        The request offers none and the answer calls none.
      </Empty>
    );
  }
  return (
    <div>
      {calls.length > 0 && <Heading>{plural(calls.length, "call")} proposed by the model</Heading>}
      {calls.length > 0 && <TurnView turn={{ role: "assistant", parts: calls }} />}
      {results.length > 0 && <Heading>{plural(results.length, "result")} delivered with this request</Heading>}
      {results.length > 0 && <TurnView turn={{ role: "tool", parts: results }} />}
      {offered.length > 0 && <Heading>{plural(offered.length, "tool")} on offer</Heading>}
      {offered.map((tool) => (
        <details key={tool.name} className="group border-line border-b">
          <summary className="flex h-7 list-none items-center gap-2 px-3 text-sm hover:bg-hover">
            <ChevronRight
              size={13}
              className="shrink-0 text-faint transition-transform duration-100 group-open:rotate-90"
            />
            <span className="shrink-0 font-mono text-[12px]">{tool.name}</span>
            <span className="truncate text-muted">{oneLine(tool.description).slice(0, 300)}</span>
          </summary>
          <div className="space-y-2 bg-panel px-8 py-2">
            {tool.description !== "" && <Wire text={tool.description} label={`Description of ${tool.name}`} />}
            {tool.schema !== "" && <Wire text={tool.schema} label={`Schema of ${tool.name}`} />}
          </div>
        </details>
      ))}
    </div>
  );
}

function Heading({ children }: { children: React.ReactNode }) {
  return <h3 className="flex h-7 items-center border-line border-b bg-panel px-3 text-muted text-sm">{children}</h3>;
}
