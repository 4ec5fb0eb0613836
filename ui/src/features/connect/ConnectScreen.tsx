import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck, KeyRound, Play, Radio } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { ConnectAgent, SessionView } from "@/bridge";
import { connections, sessionHead } from "@/bridge/queries";
import { oneLine } from "@/model/format";
import { CopyButton } from "@/widgets/copy";
import { Failure, SkeletonRows } from "@/widgets/states";
import { Ago } from "@/widgets/time";

type Shell = "sh" | "powershell";
const HERE: Shell = /win/i.test(navigator.platform) ? "powershell" : "sh";

export function ConnectScreen() {
  const known = useQuery(connections);
  const [chosen, setChosen] = useState("claude-code");
  const [shell, setShell] = useState<Shell>(HERE);
  const agents = known.data?.agents ?? [];
  const agent = agents.find((one) => one.id === chosen) ?? agents[0];
  if (known.error) return <Failure error={known.error} again={() => void known.refetch()} />;
  return (
    <section aria-label="Connect" className="h-full overflow-y-auto">
      <div className="mx-auto max-w-4xl px-6 py-6">
        <h1 className="font-semibold text-lg">Connect an agent</h1>
        <p className="mt-1 max-w-2xl text-muted">
          The agent stays as it is. Its base URL points here, the request goes on to the provider, and the session
          appears while it runs.
        </p>
        <div className="mt-5 grid grid-cols-[232px_minmax(0,1fr)] gap-6">
          <div role="listbox" aria-label="Agent" className="flex flex-col">
            {known.isPending && <SkeletonRows rows={12} />}
            {agents.map((one) => (
              <button
                key={one.id}
                type="button"
                role="option"
                aria-selected={one.id === agent?.id}
                onClick={() => setChosen(one.id)}
                className={`flex h-7 items-center rounded px-2 text-left ${one.id === agent?.id ? "bg-chosen font-medium" : "text-muted hover:bg-hover hover:text-ink"}`}
              >
                <span className="truncate">{one.name}</span>
              </button>
            ))}
          </div>
          <div className="min-w-0 space-y-4">
            {agent && <Ways key={agent.id} agent={agent} shell={shell} onShell={setShell} />}
            <Waiting />
          </div>
        </div>
        <div className="mt-8 grid grid-cols-2 gap-8 border-line border-t pt-5">
          <div>
            <h2 className="flex items-center gap-1.5 font-medium">
              <Play size={14} className="text-muted" /> Nothing at hand? Run the demo
            </h2>
            <p className="mt-1 text-muted">
              A scripted agent and a scripted model through the real runtime. It needs no key.
            </p>
            <div className="mt-2">
              <Command text="switchtower demo" label="Copy demo command" />
            </div>
          </div>
          <div>
            <h2 className="flex items-center gap-1.5 font-medium">
              <KeyRound size={14} className="text-muted" /> Keys stay with the agent
            </h2>
            <p className="mt-1 text-muted">
              The agent's own credential goes only to its own provider, lives only in memory, and is masked wherever it
              occurs in the record.
            </p>
          </div>
        </div>
      </div>
    </section>
  );
}

type WaysProps = { agent: ConnectAgent; shell: Shell; onShell: (shell: Shell) => void };

/** The ways to point one agent here, the easiest first. */
function Ways({ agent, shell, onShell }: WaysProps) {
  const { variables, run, file } = agent;
  const assigned = variables.map(({ name, value }) =>
    shell === "sh" ? `export ${name}=${value}` : `$env:${name} = "${value}"`,
  );
  return (
    <>
      {run !== null && (
        <Block
          title="Start it through Switchtower"
          text={run}
          note="Sets what this client reads, for this one start."
        />
      )}
      {variables.length > 0 && (
        <Block
          title={run === null ? "Set what it reads, then start it as always" : "Or set what it reads yourself"}
          text={assigned.join("\n")}
          aside={<ShellChoice shell={shell} onShell={onShell} />}
        />
      )}
      {variables.length === 0 && (
        <Block title={run === null ? "In its configuration or code" : "Or on its command line"} text={agent.command} />
      )}
      {file !== null && <Block title={`Or in ${file.path}`} text={file.text.trimEnd()} />}
      {agent.note !== null && <p className="text-muted">{agent.note}</p>}
    </>
  );
}

function ShellChoice({ shell, onShell }: { shell: Shell; onShell: (shell: Shell) => void }) {
  return (
    <span className="ml-auto flex gap-2 text-sm">
      {(["sh", "powershell"] as const).map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={shell === one}
          onClick={() => onShell(one)}
          className={shell === one ? "font-medium" : "text-muted hover:text-ink"}
        >
          {one === "sh" ? "bash, zsh" : "PowerShell"}
        </button>
      ))}
    </span>
  );
}

function Block({ title, text, note, aside }: { title: string; text: string; note?: string; aside?: ReactNode }) {
  return (
    <div>
      <div className="mb-1 flex h-5 items-center gap-2">
        <h3 className="font-medium">{title}</h3>
        {aside}
      </div>
      <Command text={text} label={`Copy: ${title}`} />
      {note !== undefined && <p className="mt-1 text-muted text-sm">{note}</p>}
    </div>
  );
}

function Command({ text, label }: { text: string; label: string }) {
  return (
    <div className="flex items-start gap-2 rounded border border-line bg-panel py-1.5 pr-1.5 pl-3">
      <pre className="min-w-0 flex-1 overflow-x-auto py-0.5 text-[12px] leading-5">{text}</pre>
      <CopyButton text={text} label={label}>
        Copy
      </CopyButton>
    </div>
  );
}

/** Waits for the first request since this screen was opened, and says what it was recognised as. */
function Waiting() {
  const [opened] = useState(() => new Date().toISOString());
  const { data } = useQuery(sessionHead(""));
  const newest = data?.sessions[0];
  const came = newest !== undefined && newest.last_at >= opened ? newest : null;
  if (came) return <Recognised session={came} />;
  return (
    <div
      data-testid="waiting"
      className="flex items-center gap-2.5 rounded border border-edge border-dashed px-3 py-2.5"
    >
      <Radio size={15} className="live-dot text-muted" />
      <div>
        <p role="status" className="font-medium">
          Waiting for the first request
        </p>
        <p className="text-muted text-sm">
          {newest ? (
            <>
              The last one came <Ago at={newest.last_at} worded />, from {newest.agent}.
            </>
          ) : (
            "This turns green as soon as it comes."
          )}
        </p>
      </div>
    </div>
  );
}

const BASES: Record<SessionView["basis"], string> = {
  label: "by the label in its address",
  client_id: "by the client's own session id",
  tool_call_id: "by a tool call that was answered here",
  retry: "by its retry",
  prefix: "by the beginning of its conversation",
  new: "as a new conversation",
};

function Recognised({ session }: { session: SessionView }) {
  return (
    <div
      role="status"
      data-testid="connected"
      className="flex items-center gap-2.5 rounded border border-ok-line bg-ok-soft px-3 py-2.5"
    >
      <CircleCheck size={16} className="shrink-0 text-ok" />
      <div className="min-w-0 flex-1">
        <p className="font-medium">
          {session.agent} is connected{session.models[0] ? `, using ${session.models[0]}` : ""}
        </p>
        <p className="line-clamp-2 text-muted text-sm">
          Recognised {BASES[session.basis]}
          {session.process && `, process ${session.process.name} in ${session.process.folder ?? "an unknown folder"}`}
          {session.title !== "" && ` · “${oneLine(session.title)}”`}
        </p>
      </div>
      <Link
        to="/sessions/$session"
        params={{ session: session.id }}
        className="shrink-0 rounded border border-ok-line bg-canvas px-2 py-0.5 text-sm hover:bg-hover"
      >
        Open session
      </Link>
    </div>
  );
}
