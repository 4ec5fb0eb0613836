// What goes out in place of a held request, and texts in general: raw, with what changed marked in place.
import { useQuery } from "@tanstack/react-query";
import { Suspense, useState } from "react";
import type { HeldView } from "@/bridge";
import { oneExchange } from "@/bridge/queries";
import { useBody } from "@/bridge/text";
import { packed, spread, wrongJson } from "@/model/arguments";
import { TextField } from "@/widgets/fields";
import { Failure, Skeleton, SkeletonRows } from "@/widgets/states";
import { CodeField } from "./ArgumentsEditor";
import { useControl } from "./commands";
import { Release } from "./Release";

type Props = { held: HeldView; onClose: () => void };

export function RequestEditor({ held, onClose }: Props) {
  const exchange = useQuery(oneExchange(held.exchange)).data;
  const { body, error } = useBody(exchange?.sent_request ?? exchange?.agent_request);
  const control = useControl(held.session);
  if (error) return <Failure error={error} />;
  if (!body) return <SkeletonRows rows={3} />;
  if (!body.whole) return <Failure error="This request is too long to edit here." />;
  return (
    <RawEditor
      label="Request body"
      original={body.text}
      language="json"
      error={control.error}
      busy={control.isPending}
      word="Send the edited request"
      onSend={(text) => control.mutate({ command: "edit_request", exchange: held.exchange, body: text })}
      onClose={onClose}
    />
  );
}

export function AnswerForm({ held, onClose }: Props) {
  const [text, setText] = useState("");
  const control = useControl(held.session);
  const off = text.trim() === "" ? "write what the agent gets as the model's answer" : null;
  return (
    <form
      className="mt-2 space-y-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (off === null) control.mutate({ command: "answer", exchange: held.exchange, text });
      }}
    >
      <TextField label="Answer, without the model" lines={3} focus value={text} onValue={setText} />
      {control.error != null && <Failure error={control.error} />}
      <Release word="Answer" off={off} busy={control.isPending} onClose={onClose} />
    </form>
  );
}

type Editing = {
  original: string;
  error: unknown;
  busy: boolean;
  word: string;
  onSend: (text: string) => void;
  onClose: () => void;
};

export function RawEditor(props: Editing & { label: string; language: "json" | "text" }) {
  const { label, original, language, error, busy, word, onSend, onClose } = props;
  const json = language === "json";
  const [before] = useState(() => (json ? spread(original) : original));
  const [text, setText] = useState(before);
  const off = (json ? wrongJson(text) : null) ?? (text === before ? "nothing is changed yet" : null);
  return (
    <form
      aria-label={label}
      className="mt-2 space-y-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (off === null && !busy) onSend(json ? packed(text) : text);
      }}
    >
      <Suspense fallback={<Skeleton width="50%" />}>
        <CodeField label={label} text={text} onText={setText} language={language} original={before} />
      </Suspense>
      {error != null && <Failure error={error} />}
      <Release word={word} off={off} busy={busy} onClose={onClose} />
    </form>
  );
}

/** A message as plain text. */
export function MessageEditor(props: Editing) {
  return <RawEditor {...props} label="Message" language="text" />;
}
