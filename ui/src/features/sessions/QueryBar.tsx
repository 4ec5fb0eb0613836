// The query bar: coloured words, completion, and the server's error underlined where it is.
import { Search, X } from "lucide-react";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { CommandError } from "@/bridge";
import { complete, errorRange, isPlace, tokenise } from "@/model/query";
import { useKeys } from "@/widgets/keys";

type Props = { query: string; onQuery: (query: string) => void; error: unknown };

export function QueryBar({ query, onQuery, error }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [draft, setDraft] = useState(query);
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState(-1);
  const [cursor, setCursor] = useState(query.length);
  const offersId = useId();
  /** Where the cursor belongs once a completion stands in the input: set before the next key can arrive. */
  const goal = useRef<number | null>(null);

  useEffect(() => setDraft(query), [query]);
  useEffect(() => {
    if (draft === query) return;
    const timer = setTimeout(() => onQuery(draft), 200);
    return () => clearTimeout(timer);
  }, [draft, query, onQuery]);
  useLayoutEffect(() => {
    if (goal.current !== null) input.current?.setSelectionRange(goal.current, goal.current);
    goal.current = null;
  }, [draft]);
  useKeys({ "/": () => input.current?.select() });

  const { token, offers } = open ? complete(draft, cursor) : { token: null, offers: [] };
  const refused = error instanceof CommandError && draft === query ? error : null;

  const take = (text: string) => {
    const start = token?.start ?? cursor;
    const rest = draft.slice(token?.end ?? cursor).trimStart();
    const done = text.endsWith(":") ? text : `${text} `;
    setDraft(draft.slice(0, start) + done + rest);
    setCursor(start + done.length);
    setChosen(-1);
    goal.current = start + done.length;
  };

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === "Escape") {
      if (open) setOpen(false);
      else input.current?.blur();
    }
    if (event.key === "Enter") {
      if (chosen >= 0 && offers[chosen]) take(offers[chosen].text);
      else {
        onQuery(draft);
        setOpen(false);
      }
    }
    if (offers.length === 0) return;
    if (event.key === "Tab" && offers.length > 0 && draft !== "") {
      event.preventDefault();
      take((offers[chosen] ?? offers[0])?.text ?? "");
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : -1;
      setChosen((chosen + by + offers.length) % offers.length);
    }
  };

  return (
    <div className="relative min-w-0 max-w-2xl flex-1">
      <div
        className={`relative flex h-7 items-center rounded border bg-canvas focus-within:border-focus ${refused ? "border-error-line" : "border-line"}`}
      >
        <Search size={13} className="mx-2 shrink-0 text-faint" />
        <div className="relative h-full min-w-0 flex-1 overflow-hidden">
          <Highlight text={draft} wrong={refused ? errorRange(draft, refused.hint) : null} />
          <input
            ref={input}
            aria-label="Filter sessions"
            aria-invalid={refused !== null}
            aria-describedby={refused ? `${offersId}-error` : undefined}
            aria-controls={offersId}
            aria-expanded={offers.length > 0}
            role="combobox"
            autoComplete="off"
            spellCheck={false}
            value={draft}
            placeholder="status:running tool:bash cost:>0.50 words   ( / )"
            onChange={(event) => {
              setDraft(event.target.value);
              setCursor(event.target.selectionStart ?? event.target.value.length);
              setOpen(true);
              setChosen(-1);
            }}
            onSelect={(event) => setCursor(event.currentTarget.selectionStart ?? 0)}
            onFocus={() => setOpen(true)}
            onBlur={() => setOpen(false)}
            onKeyDown={onKeyDown}
            className="absolute inset-0 w-full bg-transparent font-mono text-sm text-transparent caret-ink outline-none placeholder:text-faint"
          />
        </div>
        {draft !== "" && (
          <button
            type="button"
            aria-label="Clear filter"
            onClick={() => {
              setDraft("");
              onQuery("");
            }}
            className="mx-1 rounded p-0.5 text-faint hover:text-ink"
          >
            <X size={13} />
          </button>
        )}
      </div>
      {offers.length > 0 && (
        <div
          id={offersId}
          role="listbox"
          aria-label="Completions"
          className="absolute top-8 left-0 z-20 w-80 rounded border border-edge bg-raised py-1 shadow-lg"
        >
          {offers.map((offer, i) => (
            <div
              key={offer.text}
              role="option"
              tabIndex={-1}
              aria-selected={i === chosen}
              onMouseDown={(event) => {
                event.preventDefault();
                take(offer.text);
              }}
              className={`flex h-7 cursor-pointer items-center gap-3 px-2 ${i === chosen ? "bg-chosen" : "hover:bg-hover"}`}
            >
              <span className="font-mono text-sm">{offer.text}</span>
              <span className="ml-auto truncate text-muted text-sm">{offer.says}</span>
            </div>
          ))}
        </div>
      )}
      {refused && open && offers.length === 0 && (
        <p
          id={`${offersId}-error`}
          role="alert"
          className="absolute top-8 left-0 z-10 max-w-full rounded border border-error-line bg-error-soft px-2 py-1 text-sm shadow-lg first-letter:uppercase"
        >
          {refused.message}{" "}
          {refused.hint !== null && !isPlace(refused.hint) && <span className="text-muted">{refused.hint}</span>}
        </p>
      )}
    </div>
  );
}

function Highlight({ text, wrong }: { text: string; wrong: { start: number; end: number } | null }) {
  return (
    <div
      aria-hidden
      className="pointer-events-none absolute inset-0 flex items-center overflow-hidden whitespace-pre font-mono text-sm"
    >
      {tokenise(text).map((token) => {
        const said = text.slice(token.start, token.end);
        const bad = wrong !== null && token.kind !== "space" && token.start < wrong.end && token.end > wrong.start;
        const line = bad ? "underline decoration-error decoration-wavy underline-offset-[3px]" : "";
        if (token.kind !== "field")
          return (
            <span key={token.start} className={line}>
              {said}
            </span>
          );
        const colon = said.indexOf(":") + 1;
        return (
          <span key={token.start} className={line}>
            <span className="text-model">{said.slice(0, colon)}</span>
            {said.slice(colon)}
          </span>
        );
      })}
    </div>
  );
}
