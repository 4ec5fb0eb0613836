// One message of a conversation. Everything in it is hostile text and stays text.
import { Bot, Braces, Brain, CircleAlert, Image, ScrollText, User, Wrench } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { Part, Role, Turn } from "@/model/dialect";
import { isObject, list, parseJson } from "@/model/dialect";
import { cutMiddle, oneLine } from "@/model/format";
import { Wire } from "@/widgets/code";
import { CopyButton } from "@/widgets/copy";
import { type Tone, toneText } from "@/widgets/tone";

const ROLES: Record<Role, { icon: typeof Bot; tone: Tone; word: string }> = {
  system: { icon: ScrollText, tone: "neutral", word: "System" },
  user: { icon: User, tone: "human", word: "User" },
  assistant: { icon: Bot, tone: "model", word: "Assistant" },
  tool: { icon: Wrench, tone: "tool", word: "Tool result" },
};

export function TurnView({ turn, note }: { turn: Turn; note?: ReactNode }) {
  const { icon: Icon, tone, word } = ROLES[turn.role];
  return (
    <article aria-label={word} className="border-line border-b px-3 py-2 last:border-b-0">
      <header className="flex h-5 items-center gap-1.5 text-sm">
        <Icon size={13} className={toneText(tone)} />
        <span className={`font-medium ${toneText(tone)}`}>{word}</span>
        {note}
        <span className="ml-auto">
          <CopyButton text={() => turn.parts.map(partText).join("\n\n")} label={`Copy ${word.toLowerCase()} message`} />
        </span>
      </header>
      <div className="mt-1 space-y-2">
        {turn.parts.length === 0 && <p className="text-faint text-sm">Empty</p>}
        {turn.parts.map((part, i) => (
          <PartView key={i} part={part} />
        ))}
      </div>
    </article>
  );
}

export function partText(part: Part): string {
  switch (part.kind) {
    case "text":
    case "reasoning":
    case "result":
      return part.text;
    case "call":
      return `${part.name} ${part.arguments}`;
    case "media":
      return part.says;
    case "other":
      return part.json;
  }
}

function PartView({ part }: { part: Part }) {
  switch (part.kind) {
    case "text":
      return <Folding text={part.text} label="Text" />;
    case "reasoning":
      return (
        <Framed icon={Brain} title="Reasoning" tone="neutral">
          {part.sealed ? (
            <p className="text-faint text-sm">Sealed by the provider: it can be sent back but not read.</p>
          ) : (
            <Folding text={part.text} label="Reasoning" />
          )}
        </Framed>
      );
    case "call":
      return (
        <Framed icon={Wrench} title={part.name || "tool"} tone="tool" id={part.id}>
          <Folding text={readable(part.arguments)} label={`Arguments of ${part.name}`} />
        </Framed>
      );
    case "result":
      return (
        <Framed
          icon={part.failed ? CircleAlert : Wrench}
          title={part.failed ? "error result" : (part.name ?? "result")}
          tone={part.failed ? "error" : "tool"}
          id={part.id}
        >
          <Folding text={part.text} label="Result" />
        </Framed>
      );
    case "media":
      return (
        <p className="flex items-center gap-1.5 text-muted text-sm">
          <Image size={13} /> {part.says}
        </p>
      );
    case "other":
      return (
        <Framed icon={Braces} title={part.name} tone="neutral">
          <Folding text={part.json} label={part.name} />
        </Framed>
      );
  }
}

/** JSON laid out; anything else as it is. */
export function readable(source: string): string {
  const value = parseJson(source);
  return typeof value === "object" && value !== null ? JSON.stringify(value, null, 2) : source;
}

const argument = ([name, value]: [string, unknown]): string =>
  `  ${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`;

/** A message's JSON as what it says, where it says only text; a call as its name and its arguments. */
export function spoken(source: string): string {
  const value = parseJson(source);
  const message = isObject(value) ? value : {};
  const content = message.content ?? message.parts;
  if (typeof content === "string") return content;
  const parts = list(content);
  const texts = parts.map((part) => part.text).filter((said) => typeof said === "string");
  if (texts.length > 0 && texts.length === parts.length) return texts.join("\n");
  const called = /^([\w.-]+)\((\{[\s\S]*\})\)$/.exec(source.trim());
  const given = parseJson(called?.[2] ?? "");
  if (called && isObject(given)) return [called[1], ...Object.entries(given).map(argument)].join("\n");
  // A note of the runtime's may stand before a result as it was.
  const [note, ...rest] = source.split("\n");
  return rest.length > 0 && note?.startsWith("[") ? `${note}\n${readable(rest.join("\n"))}` : readable(source);
}

type FramedProps = { icon: typeof Bot; title: string; tone: Tone; id?: string; children: ReactNode };

function Framed({ icon: Icon, title, tone, id, children }: FramedProps) {
  return (
    <div className="rounded border border-line bg-panel">
      <div className={`flex h-6 items-center gap-1.5 border-line border-b px-2 text-sm ${toneText(tone)}`}>
        <Icon size={12} className="shrink-0" />
        <span className="truncate font-mono text-[12px]">{oneLine(title)}</span>
        {id !== undefined && id !== "" && (
          <span className="ml-auto truncate font-mono text-faint text-xs" title={id}>
            {cutMiddle(id, 22)}
          </span>
        )}
      </div>
      <div className="px-2 py-1.5">{children}</div>
    </div>
  );
}

const FOLD_LINES = 18;

function Folding({ text, label }: { text: string; label: string }) {
  const [open, setOpen] = useState(false);
  if (text === "") return <p className="text-faint text-sm">empty</p>;
  const lines = text.split("\n");
  const long = lines.length > FOLD_LINES + 4 || text.length > 4000;
  const shown = open || !long ? text : lines.slice(0, FOLD_LINES).join("\n").slice(0, 2400);
  return (
    <>
      <Wire text={shown} label={label} />
      {long && (
        <button type="button" onClick={() => setOpen(!open)} className="mt-1 text-model text-sm hover:underline">
          {open ? "Show less" : lines.length > FOLD_LINES ? `Show all ${lines.length} lines` : "Show all"}
        </button>
      )}
    </>
  );
}
