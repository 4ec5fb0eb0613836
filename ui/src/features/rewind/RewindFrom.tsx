// "Rewind from here": the command that runs the agent again, as only its user can start it.
import { useQuery } from "@tanstack/react-query";
import { Rewind } from "lucide-react";
import { useState } from "react";
import { oneSession } from "@/bridge/queries";
import { plural } from "@/model/format";
import { rewindCommand } from "@/model/rewind";
import { CopyButton } from "@/widgets/copy";
import { Sheet } from "@/widgets/sheet";

type Props = { session: string; exchange: string; step: number };

export function RewindFrom({ session, exchange, step }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        aria-label="Rewind from here"
        title="Rewind from here: run the agent again, answered from the record up to this step"
        onClick={() => setOpen(true)}
        className="rounded p-1 text-muted hover:bg-hover hover:text-ink"
      >
        <Rewind size={14} />
      </button>
      {open && <RewindSheet session={session} exchange={exchange} step={step} onClose={() => setOpen(false)} />}
    </>
  );
}

function RewindSheet({ session, exchange, step, onClose }: Props & { onClose: () => void }) {
  const agent = useQuery(oneSession(session)).data;
  const command = rewindCommand(exchange, agent ?? null);
  return (
    <Sheet
      title={`Rewind from step ${step}`}
      says="Start your agent again with this command, in its folder and with the words it had then. Only you can start it."
      width={560}
      onClose={onClose}
    >
      <div className="flex items-center gap-1 rounded border border-line bg-panel py-1 pr-1 pl-2">
        <code className="min-w-0 flex-1 select-all break-all font-mono text-[12px]">{command}</code>
        <CopyButton text={command} label="Copy the command">
          Copy
        </CopyButton>
      </div>
      <ul className="list-disc space-y-1 pl-4 text-muted text-sm">
        <li>
          {step === 0
            ? "This is the first step: nothing stands before it, and all is live."
            : `${plural(step, "answer")} before this step come${step === 1 ? "s" : ""} from the record: no model is called and nothing is paid. From this step on all is live.`}
        </li>
        <li>
          It goes on while the agent asks what it asked then. Dates, times, random ids, the folder and the client's own
          session names do not count. The first difference is shown here, and from there all is live.
        </li>
        <li>The agent's own tools run again: what they write, send or delete happens a second time.</li>
      </ul>
    </Sheet>
  );
}
