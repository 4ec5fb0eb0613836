// A plain text field over its own coloured copy: line numbers, quiet colours, what is wrong underlined where it is.
import { type RefObject, useId } from "react";
import type { ProblemView } from "@/bridge";
import { Line } from "./Toml";

const TALL = 20;

type Props = {
  text: string;
  onText: (text: string) => void;
  problems: ProblemView[];
  label: string;
  field: RefObject<HTMLTextAreaElement | null>;
};

export function Editor({ text, onText, problems, label, field }: Props) {
  const described = useId();
  const lines = text.split("\n");
  return (
    <div data-scrolls className="flex min-h-0 flex-1 overflow-auto py-2 font-mono text-[12px] leading-5">
      <div aria-hidden className="sticky left-0 z-10 w-11 shrink-0 select-none bg-canvas pr-4 text-faint">
        {lines.map((_, i) => {
          const wrong = problems.find((problem) => problem.line === i + 1);
          const tone = wrong ? (wrong.severity === "error" ? "font-bold text-error" : "font-bold text-human") : "";
          return (
            <div key={i} className={`num h-5 ${tone}`}>
              {i + 1}
            </div>
          );
        })}
      </div>
      <div className="relative min-w-0 flex-1">
        <pre aria-hidden className="relative w-max min-w-full pr-4">
          {lines.map((line, i) => (
            <div key={i} className="h-5">
              <Line text={line} />
              {line === "" && " "}
            </div>
          ))}
          {problems.map((problem) => (
            <Underline key={`${problem.line}:${problem.column}:${problem.message}`} problem={problem} lines={lines} />
          ))}
        </pre>
        <textarea
          ref={field}
          aria-label={label}
          aria-invalid={problems.some((problem) => problem.severity === "error")}
          aria-describedby={described}
          spellCheck={false}
          autoComplete="off"
          wrap="off"
          value={text}
          onChange={(event) => onText(event.target.value)}
          className="absolute inset-0 h-full w-full resize-none overflow-hidden whitespace-pre bg-transparent text-transparent caret-ink outline-none"
        />
      </div>
      <span id={described} className="sr-only">
        {problems.length === 0 ? "No problems" : `${problems.length} problems`}
      </span>
    </div>
  );
}

/** In characters of a font in which all are as wide. */
function Underline({ problem, lines }: { problem: ProblemView; lines: string[] }) {
  const line = lines[problem.line - 1] ?? "";
  const length = Math.max(1, Math.min(problem.length, Math.max(1, line.length - problem.column + 1)));
  const color = problem.severity === "error" ? "decoration-error" : "decoration-human";
  return (
    <span
      data-testid="wrong"
      title={problem.message}
      className={`absolute text-transparent underline decoration-wavy underline-offset-[3px] ${color}`}
      style={{ top: (problem.line - 1) * TALL, left: `${problem.column - 1}ch` }}
    >
      {line.slice(problem.column - 1, problem.column - 1 + length).padEnd(length, " ")}
    </span>
  );
}

/** Selects the part of the text that a problem is about. */
export function selectProblem(field: HTMLTextAreaElement | null, problem: ProblemView): void {
  if (!field) return;
  const before = field.value.split("\n").slice(0, problem.line - 1);
  const start = before.reduce((sum, line) => sum + line.length + 1, 0) + problem.column - 1;
  field.focus();
  field.setSelectionRange(start, start + problem.length);
}

/** Brings a line, from 1, near the top of what is seen, and puts the caret there. */
export function showLine(field: HTMLTextAreaElement | null, line: number): void {
  if (!field) return;
  const start = field.value
    .split("\n")
    .slice(0, line - 1)
    .reduce((sum, text) => sum + text.length + 1, 0);
  field.setSelectionRange(start, start);
  field.closest("[data-scrolls]")?.scrollTo({ top: Math.max(0, (line - 2) * TALL) });
}
