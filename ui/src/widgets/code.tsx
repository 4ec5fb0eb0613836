// Text that was on the wire. Always a text node: nothing recorded is ever markup.
import { Fragment, useState } from "react";
import { bytes } from "@/model/format";

const FIRST = 20_000;

/** May be more than the boxes that hold texts show at once. */
export const isLong = (text: string): boolean => text.length > 160 || text.split("\n", 5).length > 4;

type WireProps = { text: string; label: string /** Marked wherever it occurs. */; mark?: string };

export function Wire({ text, label, mark }: WireProps) {
  const [shown, setShown] = useState(FIRST);
  const cut = text.length > shown;
  const part = cut ? text.slice(0, shown) : text;
  return (
    <div className="min-w-0">
      <pre
        // Long text must be scrollable by keyboard; a word is no stop.
        tabIndex={isLong(part) ? 0 : undefined}
        role="group"
        aria-label={label}
        className="overflow-x-auto whitespace-pre-wrap break-words text-sm leading-[18px] [overflow-wrap:anywhere]"
      >
        {mark === undefined ? part : <Marked text={part} mark={mark} />}
      </pre>
      {cut && (
        <button
          type="button"
          onClick={() => setShown(shown * 8)}
          className="mt-1 rounded border border-edge px-2 text-sm hover:bg-hover"
        >
          Show more ({bytes(text.length - shown)} left)
        </button>
      )}
    </div>
  );
}

/** The text with every occurrence of `mark` set off. */
export function Marked({ text, mark }: { text: string; mark: string }) {
  const pieces = text.split(mark);
  return pieces.map((piece, i) => (
    <Fragment key={`${i}-${piece.length}`}>
      {i > 0 && <mark className="rounded bg-human-soft px-1 text-human">{mark}</mark>}
      {piece}
    </Fragment>
  ));
}
