// Fields of a tool's arguments, one a line; what no field fits is edited as JSON.
import { Plus, X } from "lucide-react";
import { useState } from "react";
import { blank, type Field, type Named, put } from "@/model/arguments";
import { isObject, parseJson } from "@/model/dialect";
import type { Json, JsonObject } from "@/model/dialect/parts";
import { FIELD } from "@/widgets/fields";

type FormProps = { fields: Named[]; value: JsonObject; onValue: (value: JsonObject) => void; path?: string };

export function ArgumentsForm({ fields, value, onValue, path = "" }: FormProps) {
  if (fields.length === 0) return <p className="text-muted text-sm">This tool takes no arguments.</p>;
  return (
    <div className="grid grid-cols-[minmax(90px,max-content)_minmax(0,1fr)] items-start gap-x-3 gap-y-1.5">
      {fields.map(({ name, field, required, says }) => {
        const here = value[name];
        const label = path === "" ? name : `${path}.${name}`;
        return (
          <div key={name} className="contents">
            <span className="pt-0.5 font-mono text-[12px] text-muted" title={says}>
              {name}
              {required && <span title="required">*</span>}
            </span>
            <div className="flex min-w-0 items-start gap-1.5">
              {here === undefined ? (
                <Small label={`Set ${label}`} onClick={() => onValue(put(value, name, blank(field)))}>
                  <Plus size={11} /> not set
                </Small>
              ) : (
                <div className="min-w-0 flex-1">
                  <Value field={field} label={label} value={here} onValue={(next) => onValue(put(value, name, next))} />
                </div>
              )}
              {here !== undefined && !required && (
                <Small label={`Leave out ${label}`} onClick={() => onValue(put(value, name, undefined))}>
                  <X size={11} />
                </Small>
              )}
            </div>
          </div>
        );
      })}
    </div>
  );
}

type ValueProps = { field: Field; label: string; value: Json; onValue: (value: Json) => void };

function Value({ field, label, value, onValue }: ValueProps) {
  const mono = `${FIELD} font-mono text-[12px]`;
  switch (field.kind) {
    case "string": {
      const text = typeof value === "string" ? value : "";
      return (
        <textarea
          aria-label={label}
          rows={Math.min(8, text.split("\n").length)}
          value={text}
          spellCheck={false}
          onChange={(event) => onValue(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || !(event.metaKey || event.ctrlKey)) return;
            event.preventDefault();
            event.currentTarget.form?.requestSubmit();
          }}
          className={`${mono} block resize-y leading-[18px]`}
        />
      );
    }
    case "number":
      return (
        <input
          type="number"
          aria-label={label}
          step={field.whole ? 1 : "any"}
          value={typeof value === "number" ? value : ""}
          onChange={(event) => Number.isFinite(event.target.valueAsNumber) && onValue(event.target.valueAsNumber)}
          className={`${mono} h-6 max-w-48`}
        />
      );
    case "boolean":
      return (
        <input
          type="checkbox"
          aria-label={label}
          checked={value === true}
          onChange={(event) => onValue(event.target.checked)}
          className="mt-1 accent-(--blue-9)"
        />
      );
    case "enum":
      return (
        <select
          aria-label={label}
          value={JSON.stringify(value)}
          onChange={(event) => onValue(parseJson(event.target.value) ?? null)}
          className={`${mono} h-6 max-w-72`}
        >
          {field.options.map((option) => (
            <option key={JSON.stringify(option)} value={JSON.stringify(option)}>
              {typeof option === "string" ? option : JSON.stringify(option)}
            </option>
          ))}
        </select>
      );
    case "object":
      return (
        <div className="border-line border-l pl-2">
          <ArgumentsForm fields={field.fields} value={isObject(value) ? value : {}} onValue={onValue} path={label} />
        </div>
      );
    case "list":
      return <List field={field.of} label={label} value={Array.isArray(value) ? value : []} onValue={onValue} />;
    case "json":
      return <RawValue label={label} value={value} onValue={onValue} />;
  }
}

function List({
  field,
  label,
  value,
  onValue,
}: {
  field: Field;
  label: string;
  value: Json[];
  onValue: (value: Json) => void;
}) {
  return (
    <div className="space-y-1">
      {value.map((one, i) => (
        <div key={i} className="flex items-start gap-1.5">
          <div className="min-w-0 flex-1">
            <Value
              field={field}
              label={`${label}[${i}]`}
              value={one}
              onValue={(next) => onValue(value.with(i, next))}
            />
          </div>
          <Small label={`Remove ${label}[${i}]`} onClick={() => onValue(value.toSpliced(i, 1))}>
            <X size={11} />
          </Small>
        </div>
      ))}
      <Small label={`Add to ${label}`} onClick={() => onValue([...value, blank(field)])}>
        <Plus size={11} /> add
      </Small>
    </div>
  );
}

/** Kept as typed until it is JSON again. */
function RawValue({ label, value, onValue }: Omit<ValueProps, "field">) {
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? JSON.stringify(value, null, 2);
  const wrong = typed !== null && parseJson(typed) === undefined;
  return (
    <>
      <textarea
        aria-label={label}
        aria-invalid={wrong}
        rows={Math.min(8, text.split("\n").length)}
        value={text}
        spellCheck={false}
        onChange={(event) => {
          setTyped(event.target.value);
          const read = parseJson(event.target.value);
          if (read !== undefined) onValue(read);
        }}
        onBlur={() => !wrong && setTyped(null)}
        className={`${FIELD} block resize-y font-mono text-[12px] leading-[18px] ${wrong ? "border-error" : ""}`}
      />
      {wrong && <p className="text-error text-sm">Not JSON yet: the last readable value counts.</p>}
    </>
  );
}

function Small({ label, onClick, children }: { label: string; onClick: () => void; children: React.ReactNode }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      onClick={onClick}
      className="inline-flex h-6 shrink-0 items-center gap-1 rounded border border-line bg-canvas px-1.5 text-muted text-xs hover:bg-hover hover:text-ink"
    >
      {children}
    </button>
  );
}
