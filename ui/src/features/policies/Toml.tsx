// TOML with line numbers, quiet colouring, and what is wrong under its line; text nodes only.
import type { ProblemView } from "@/bridge";

const LINE = /^(\s*)(#.*)$|^(\s*\[\[?[^\]]*\]\]?)(.*)$|^(\s*[\w.-]+)(\s*=\s*)(.*)$/;

export function Toml({ source, problems }: { source: string; problems: ProblemView[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: must be scrollable by keyboard
    <pre tabIndex={0} role="group" aria-label="Policy source" className="overflow-x-auto py-2 text-[12px] leading-5">
      {source.split("\n").map((line, i) => (
        <div key={i}>
          <div className="flex">
            <span aria-hidden className="num w-11 shrink-0 select-none pr-4 text-faint">
              {i + 1}
            </span>
            <Line text={line} />
          </div>
          {problems
            .filter((problem) => problem.line === i + 1)
            .map((problem) => (
              <Problem key={`${problem.column}${problem.message}`} problem={problem} />
            ))}
        </div>
      ))}
    </pre>
  );
}

function Problem({ problem }: { problem: ProblemView }) {
  const tone = problem.severity === "error" ? "text-error" : "text-human";
  return (
    <div role="note" className={`pl-11 ${tone}`}>
      <span aria-hidden>
        {" ".repeat(Math.max(0, problem.column - 1))}
        {"^".repeat(Math.min(200, Math.max(1, problem.length)))}
      </span>{" "}
      <span className="font-sans">
        {problem.severity}: {problem.message}
        {problem.hint !== null && <span className="text-muted"> · {problem.hint}</span>}
      </span>
    </div>
  );
}

function Line({ text }: { text: string }) {
  const match = LINE.exec(text);
  if (!match) return <span className="pr-4">{text}</span>;
  const [, space, comment, table, rest, key, equals, value] = match;
  if (comment !== undefined)
    return (
      <span className="pr-4 text-faint">
        {space}
        {comment}
      </span>
    );
  if (table !== undefined) {
    return (
      <span className="pr-4">
        <span className="font-semibold text-policy">{table}</span>
        <span className="text-faint">{rest}</span>
      </span>
    );
  }
  return (
    <span className="pr-4">
      <span className="text-model">{key}</span>
      <span className="text-faint">{equals}</span>
      {value}
    </span>
  );
}
