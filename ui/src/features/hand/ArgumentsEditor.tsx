// A tool call's arguments, edited: as a form from the tool's schema or as raw JSON, with what changed shown before it is sent.
import { lazy, Suspense, useState } from "react";
import { formOf, losesNumbers, spread, wrongJson } from "@/model/arguments";
import { isObject, parseJson } from "@/model/dialect";
import { Choice } from "@/widgets/fields";
import { Failure, Skeleton } from "@/widgets/states";
import { Difference } from "../step/Difference";
import { ArgumentsForm } from "./ArgumentsForm";
import { Release } from "./Release";

export const CodeField = lazy(() => import("@/widgets/codefield"));

type Props = {
  /** As the model wrote them. */
  original: string;
  schema: string | null;
  error: unknown;
  busy: boolean;
  /** What sending is called. */
  word: string;
  onSend: (text: string) => void;
  onClose: () => void;
};

export function ArgumentsEditor({ original, schema, error, busy, word, onSend, onClose }: Props) {
  const before = spread(original);
  const [text, setText] = useState(before);
  const value = parseJson(text);
  const form = losesNumbers(text) ? null : formOf(schema, value);
  const [way, setWay] = useState<"form" | "json">(form ? "form" : "json");
  const wrong = wrongJson(text) ?? (isObject(value) ? null : "Arguments are a JSON object.");
  const changed = text !== before;
  const off = wrong ?? (changed ? null : "nothing is changed yet");
  const shown = form ? way : "json";
  return (
    <form
      aria-label="Arguments"
      className="mt-2 space-y-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (off === null && !busy) onSend(text);
      }}
    >
      <Choice
        label="Arguments"
        value={shown}
        onValue={setWay}
        options={[
          { value: "form", word: "Form", says: form ? "From the tool's schema" : "These arguments cannot be a form" },
          { value: "json", word: "JSON", says: "Raw, with lint" },
        ]}
      />
      {shown === "form" && form && isObject(value) ? (
        <ArgumentsForm fields={form} value={value} onValue={(next) => setText(JSON.stringify(next, null, 2))} />
      ) : (
        <Suspense fallback={<Skeleton width="50%" />}>
          <CodeField label="Arguments as JSON" text={text} onText={setText} language="json" />
        </Suspense>
      )}
      {changed && (
        <div className="max-h-40 overflow-auto rounded border border-line bg-canvas">
          <Difference before={before} after={text} label="What you changed" />
        </div>
      )}
      {error != null && <Failure error={error} />}
      <Release word={word} off={off} busy={busy} onClose={onClose} />
    </form>
  );
}
