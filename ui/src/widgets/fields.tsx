// Form fields: a label above, a hint below, one look.
import { type ReactNode, useId } from "react";
import { type Segment, Segments } from "./segments";

export const FIELD =
  "w-full rounded border border-edge bg-canvas px-2 py-0.5 outline-none placeholder:text-faint focus-visible:border-focus";

type Base = { label: string; hint?: ReactNode };

export function TextField({
  label,
  hint,
  value,
  onValue,
  placeholder,
  lines = 1,
  mono = false,
  focus = false,
  options = [],
}: Base & {
  value: string;
  onValue: (value: string) => void;
  placeholder?: string;
  lines?: number;
  mono?: boolean;
  focus?: boolean;
  /** Offered, not enforced. */
  options?: string[];
}) {
  const id = useId();
  const look = `${FIELD} ${mono ? "font-mono text-[12px]" : ""}`;
  return (
    <div>
      <label htmlFor={id} className="mb-0.5 block text-muted text-sm">
        {label}
      </label>
      {lines > 1 ? (
        <textarea
          id={id}
          rows={lines}
          value={value}
          placeholder={placeholder}
          // biome-ignore lint/a11y/noAutofocus: the sheet was opened to type here
          autoFocus={focus}
          onChange={(event) => onValue(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || !(event.metaKey || event.ctrlKey)) return;
            event.preventDefault();
            event.currentTarget.form?.requestSubmit();
          }}
          className={`${look} resize-y`}
        />
      ) : (
        <input
          id={id}
          value={value}
          placeholder={placeholder}
          list={options.length > 0 ? `${id}-options` : undefined}
          spellCheck={false}
          autoComplete="off"
          // biome-ignore lint/a11y/noAutofocus: the sheet was opened to type here
          autoFocus={focus}
          onChange={(event) => onValue(event.target.value)}
          className={`${look} h-7`}
        />
      )}
      {options.length > 0 && (
        <datalist id={`${id}-options`}>
          {options.map((option) => (
            <option key={option} value={option} />
          ))}
        </datalist>
      )}
      {hint !== undefined && <p className="mt-0.5 text-faint text-sm">{hint}</p>}
    </div>
  );
}

export function Choice<Value extends string>({
  label,
  value,
  onValue,
  options,
}: {
  label: string;
  value: Value;
  onValue: (value: Value) => void;
  options: readonly Segment<Value>[];
}) {
  return (
    <div>
      <span className="mb-0.5 block text-muted text-sm">{label}</span>
      <Segments label={label} value={value} onValue={onValue} segments={options} />
    </div>
  );
}

export function Check({
  label,
  checked,
  onChecked,
}: {
  label: string;
  checked: boolean;
  onChecked: (checked: boolean) => void;
}) {
  return (
    <label className="flex items-center gap-2">
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => onChecked(event.target.checked)}
        className="accent-(--blue-9)"
      />
      {label}
    </label>
  );
}
