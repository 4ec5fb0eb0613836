// A policy's source: checked as it is typed, saved over exactly the version that was read.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { CircleAlert, CircleCheck, FileWarning, Save, Undo2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { CommandError, call, type ProblemView } from "@/bridge";
import { plural } from "@/model/format";
import { CopyButton } from "@/widgets/copy";
import { useKeys } from "@/widgets/keys";
import { Failure } from "@/widgets/states";
import { Difference } from "../step/Difference";
import { NEW, useDrafts } from "./drafts";
import { Editor, selectProblem, showLine } from "./Editor";

type Props = {
  /** The policy's name, or `NEW`. */
  name: string;
  /** What lies on disk now, and its version; of a new one the template and null. */
  source: string;
  version: string | null;
  problems: ProblemView[];
  /** Where to begin reading; the top unless given. */
  line?: number | undefined;
};

const BUTTON =
  "inline-flex h-6 items-center gap-1.5 rounded border border-line px-2 text-sm hover:bg-hover disabled:cursor-default disabled:text-faint disabled:hover:bg-transparent";

export function PolicyEditor({ name, source, version, problems, line }: Props) {
  const draft = useDrafts((store) => store.drafts[name]);
  const { put, drop } = useDrafts.getState();
  const field = useRef<HTMLTextAreaElement>(null);
  const client = useQueryClient();
  const navigate = useNavigate();
  const text = draft?.text ?? source;
  const dirty = version === null || (draft !== undefined && draft.text !== source);
  const moved = draft !== undefined && draft.base !== version;
  const checked = useChecked(text, dirty);
  const shown = dirty ? (checked?.problems ?? []) : problems;

  const save = useMutation({
    mutationFn: async (base: string | null) => {
      const target = name === NEW ? (checked?.name ?? "") : name;
      return call("save_policy", { name: target, source: text, ...(base === null ? {} : { expected_version: base }) });
    },
    onSuccess: async (saved) => {
      client.setQueryData(["policies", "one", saved.name], saved);
      await client.invalidateQueries({ queryKey: ["policies"] });
      void client.invalidateQueries({ queryKey: ["health"] });
      drop(name);
      if (saved.name !== name)
        void navigate({ to: "/policies/$name", params: { name: saved.name }, replace: name === NEW });
    },
    // Somebody else saved meanwhile: what is there now is asked for, and shown beside.
    onError: (error) => {
      if (error instanceof CommandError && error.code === "conflict")
        void client.invalidateQueries({ queryKey: ["policies", "one", name] });
    },
  });
  useEffect(() => {
    if (line !== undefined) showLine(field.current, line);
  }, [line]);
  const ready = dirty && checked?.ok === true && !save.isPending;
  const trySave = () => {
    if (ready && !moved) save.mutate(draft?.base ?? version);
  };
  useKeys({ "mod+s": trySave });
  const discard = () => {
    drop(name);
    save.reset();
  };
  const refused = save.error && !(save.error instanceof CommandError && save.error.code === "conflict");

  return (
    <section aria-label="Source" className="flex min-h-0 flex-1 flex-col">
      <div className="flex h-9 shrink-0 items-center gap-2 border-line border-b px-4 text-sm">
        <Verdict dirty={dirty} problems={shown} saved={save.isSuccess && !dirty} />
        <span className="ml-auto" />
        {draft && (
          <button type="button" onClick={discard} className={`${BUTTON} text-muted`}>
            <Undo2 size={12} /> Discard
          </button>
        )}
        <button
          type="button"
          onClick={trySave}
          disabled={!ready || moved}
          title="Save ( ⌘S ): in force from the next request on"
          className={BUTTON}
        >
          <Save size={12} /> {save.isPending ? "Saving…" : "Save"}
        </button>
        <CopyButton text={text} label="Copy source" />
      </div>
      {refused && <Failure error={save.error} />}
      {moved && version !== null && (
        <Moved theirs={source} mine={text} onTheirs={discard} onMine={() => put(name, { text, base: version })} />
      )}
      <Editor
        text={text}
        problems={shown}
        label="Policy source"
        field={field}
        onText={(next) => {
          if (version !== null && next === source) drop(name);
          else put(name, { text: next, base: draft?.base ?? version });
        }}
      />
      {shown.length > 0 && (
        <ul aria-label="Problems" className="max-h-40 shrink-0 overflow-y-auto border-line border-t bg-panel py-1">
          {shown.map((problem) => (
            <li key={`${problem.line}:${problem.column}:${problem.message}`}>
              <button
                type="button"
                onClick={() => selectProblem(field.current, problem)}
                className="flex w-full items-baseline gap-2 px-4 py-0.5 text-left text-sm hover:bg-hover"
              >
                <span className={problem.severity === "error" ? "text-error" : "text-human"}>{problem.severity}</span>
                <span className="shrink-0 text-faint tabular-nums">line {problem.line}</span>
                <span className="min-w-0">
                  {problem.message}
                  {problem.hint !== null && <span className="text-muted"> · {problem.hint}</span>}
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** What the compiler says to the text as it stands, a moment after the last key. */
function useChecked(text: string, dirty: boolean) {
  const [asked, setAsked] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text), 150);
    return () => clearTimeout(timer);
  }, [text]);
  const { data, isPlaceholderData } = useQuery({
    queryKey: ["check", asked],
    enabled: dirty,
    queryFn: ({ signal }) => call("check_policy", { source: asked }, signal),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 10_000,
  });
  // A verdict on an earlier text may still be shown, but nothing may be saved by it.
  return data && (asked !== text || isPlaceholderData) ? { ...data, ok: false } : data;
}

function Verdict({ dirty, problems, saved }: { dirty: boolean; problems: ProblemView[]; saved: boolean }) {
  const errors = problems.filter((problem) => problem.severity === "error").length;
  if (errors > 0) {
    return (
      <span role="status" className="flex items-center gap-1.5 text-error">
        <CircleAlert size={13} /> {plural(errors, "error")}
        {dirty && <span className="text-muted">: it cannot be saved so</span>}
      </span>
    );
  }
  return (
    <span role="status" className="flex items-center gap-1.5 text-muted">
      <CircleCheck size={13} className={dirty ? "text-muted" : "text-ok"} />
      {dirty ? "Checked, not saved" : saved ? "Saved" : "As on disk"}
    </span>
  );
}

type MovedProps = { theirs: string; mine: string; onTheirs: () => void; onMine: () => void };

/** The file changed under an edit: nobody's text is lost without being seen. */
function Moved({ theirs, mine, onTheirs, onMine }: MovedProps) {
  return (
    <div role="alert" className="m-3 shrink-0 rounded border border-human-line bg-human-soft/40">
      <p className="flex items-center gap-2 px-3 py-2">
        <FileWarning size={14} className="shrink-0 text-human" />
        <span className="min-w-0 flex-1">
          The file changed on disk since this edit began. From what is there now to yours:
        </span>
        <button type="button" onClick={onTheirs} className={`${BUTTON} bg-canvas`}>
          Take what is there
        </button>
        <button type="button" onClick={onMine} className={`${BUTTON} bg-canvas`}>
          Keep mine
        </button>
      </p>
      <div className="max-h-48 overflow-y-auto border-human-line border-t bg-canvas">
        <Difference before={theirs} after={mine} label="On disk and edited" />
      </div>
    </div>
  );
}
