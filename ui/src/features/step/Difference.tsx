// Two texts, line by line: signs as well as colours.
import { useMemo, useState } from "react";
import { type DiffLine, diffLines, hunks } from "@/model/diff";
import { bytes, plural } from "@/model/format";
import { isLong } from "@/widgets/code";

const MOST_LINES = 400;
const MOST_OF_A_LINE = 4000;

export function Difference({ before, after, label }: { before: string; after: string; label: string }) {
  const parts = useMemo(() => hunks(diffLines(before, after)), [before, after]);
  const [all, setAll] = useState(false);
  let budget = all ? Number.POSITIVE_INFINITY : MOST_LINES;
  const total = parts.reduce((sum, part) => sum + part.lines.length, 0);
  return (
    <section
      aria-label={label}
      // Must be scrollable by keyboard, where there is that much.
      tabIndex={isLong(before + after) ? 0 : undefined}
      className="relative overflow-x-auto py-1 font-mono text-[12px] leading-[18px]"
    >
      {parts.map((part, i) => {
        const lines = part.lines.slice(0, Math.max(0, budget));
        budget -= lines.length;
        if (lines.length === 0) return null;
        return (
          <div key={i}>
            {part.skipped > 0 && <p className="px-2 text-faint">⋯ {plural(part.skipped, "line")} the same</p>}
            {lines.map((line, j) => (
              <div
                key={j}
                className={`flex px-2 ${line.kind === "gone" ? "bg-error-soft" : line.kind === "new" ? "bg-ok-soft" : "text-muted"}`}
              >
                <Sign kind={line.kind} />
                <span className="min-w-0 whitespace-pre-wrap [overflow-wrap:anywhere]">
                  <Long text={line.text} />
                </span>
              </div>
            ))}
          </div>
        );
      })}
      {!all && total > MOST_LINES && (
        <button type="button" onClick={() => setAll(true)} className="px-2 font-sans link">
          Show all {total} lines
        </button>
      )}
    </section>
  );
}

const SIGNS = { gone: { sign: "−", says: "Gone" }, new: { sign: "+", says: "New" } };

/** Drawn for those who see, a word for those who hear. */
function Sign({ kind }: { kind: DiffLine["kind"] }) {
  const look = "w-4 shrink-0 select-none text-muted";
  if (kind === "same") return <span className={look} />;
  const { sign, says } = SIGNS[kind];
  return (
    <span role="img" aria-label={says} className={look}>
      {sign}
    </span>
  );
}

function Long({ text }: { text: string }) {
  const [shown, setShown] = useState(MOST_OF_A_LINE);
  if (text.length <= shown) return text;
  return (
    <>
      {text.slice(0, shown)}
      <button
        type="button"
        onClick={() => setShown(shown * 8)}
        className="ml-1 rounded border border-edge px-1 font-sans text-ink hover:bg-hover"
      >
        Show more ({bytes(text.length - shown)} left)
      </button>
    </>
  );
}
