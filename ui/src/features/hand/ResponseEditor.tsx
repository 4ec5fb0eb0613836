// What the agent gets in place of a held answer: a message of text and calls, or an exact body.
import { useQuery } from "@tanstack/react-query";
import { Plus, X } from "lucide-react";
import { useState } from "react";
import type { HeldView, NewCall } from "@/bridge";
import { oneExchange } from "@/bridge/queries";
import { useText } from "@/bridge/text";
import { packed, spread, wrongJson } from "@/model/arguments";
import { readAnswer } from "@/model/dialect";
import { Choice, TextField } from "@/widgets/fields";
import { Failure } from "@/widgets/states";
import { RawEditor } from "./BodyEditor";
import { useControl } from "./commands";
import { Release } from "./Release";

type Call = { name: string; arguments: string };

export function ResponseEditor({ held, onClose }: { held: HeldView; onClose: () => void }) {
  const exchange = useQuery(oneExchange(held.exchange)).data;
  const { body, error } = useText(held.response);
  const control = useControl(held.session);
  const [way, setWay] = useState<"message" | "raw">("message");
  if (error != null) return <Failure error={error} />;
  if (!exchange || !body) return null;
  const parts = readAnswer(exchange.dialect, body.text)?.turn.parts ?? [];
  const foot = { error: control.error, busy: control.isPending, word: "Send the edited response", onClose };
  return (
    <div className="mt-2 space-y-2">
      <Choice
        label="Response"
        value={way}
        onValue={setWay}
        options={[
          { value: "message", word: "Message", says: "Text and tool calls" },
          { value: "raw", word: "Raw body", says: "Exactly what the agent gets" },
        ]}
      />
      {way === "raw" ? (
        <RawEditor
          {...foot}
          label="Response body"
          original={body.text}
          language="text"
          onSend={(text) => control.mutate({ command: "edit_response", exchange: held.exchange, body: text })}
        />
      ) : (
        <Message
          {...foot}
          text={parts.flatMap((part) => (part.kind === "text" ? [part.text] : [])).join("\n\n")}
          calls={parts.flatMap((part) =>
            part.kind === "call" ? [{ name: part.name, arguments: spread(part.arguments) }] : [],
          )}
          onSend={(text, calls) => control.mutate({ command: "edit_response", exchange: held.exchange, text, calls })}
        />
      )}
    </div>
  );
}

type MessageProps = {
  text: string;
  calls: Call[];
  error: unknown;
  busy: boolean;
  word: string;
  onSend: (text: string, calls: NewCall[]) => void;
  onClose: () => void;
};

function Message({ text, calls, error, busy, word, onSend, onClose }: MessageProps) {
  const [said, setSaid] = useState(text);
  const [made, setMade] = useState(calls);
  const wrong = made.find((call) => call.name.trim() === "" || wrongJson(call.arguments) !== null);
  const off = wrong
    ? `the call to ${wrong.name || "a tool without a name"} is not complete JSON`
    : said === text && JSON.stringify(made) === JSON.stringify(calls)
      ? "nothing is changed yet"
      : null;
  return (
    <form
      aria-label="Response message"
      className="space-y-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (off === null && !busy)
          onSend(
            said,
            made.map((call) => ({ name: call.name, arguments: packed(call.arguments) })),
          );
      }}
    >
      <TextField label="Text" lines={4} value={said} onValue={setSaid} />
      {made.map((call, i) => (
        <div key={i} className="flex items-start gap-2">
          <div className="w-40 shrink-0">
            <TextField
              label="Tool"
              mono
              value={call.name}
              onValue={(name) => setMade(made.with(i, { ...call, name }))}
            />
          </div>
          <div className="min-w-0 flex-1">
            <TextField
              label="Arguments (JSON)"
              mono
              lines={3}
              value={call.arguments}
              onValue={(given) => setMade(made.with(i, { ...call, arguments: given }))}
            />
          </div>
          <button
            type="button"
            aria-label={`Remove the call to ${call.name}`}
            onClick={() => setMade(made.toSpliced(i, 1))}
            className="mt-6 rounded p-1 text-muted hover:bg-hover"
          >
            <X size={12} />
          </button>
        </div>
      ))}
      <button
        type="button"
        onClick={() => setMade([...made, { name: "", arguments: "{}" }])}
        className="inline-flex h-6 items-center gap-1 rounded border border-line bg-canvas px-2 text-sm hover:bg-hover"
      >
        <Plus size={12} /> Add a call
      </button>
      {error != null && <Failure error={error} />}
      <Release word={word} off={off} busy={busy} onClose={onClose} />
    </form>
  );
}
