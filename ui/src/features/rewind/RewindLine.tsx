// One line under a session's head: what it was rewound from and how far the record went.
import { Link } from "@tanstack/react-router";
import { History } from "lucide-react";
import type { SessionDetail } from "@/bridge";
import { rewindSummary } from "@/model/rewind";

export function RewindLine({ session }: { session: SessionDetail }) {
  const { rewind } = session;
  if (rewind === null) return null;
  const at = rewind.live?.exchange ?? null;
  const link = "rounded border border-line px-1.5 text-muted text-xs hover:bg-hover hover:text-ink";
  return (
    <section aria-label="Rewind" className="flex h-7 shrink-0 items-center gap-2 border-line border-b px-3 text-sm">
      <History size={13} className="shrink-0 text-human" />
      <span className="truncate">{rewindSummary(rewind)}</span>
      {at !== null && (
        <Link to="/sessions/$session/steps/$exchange" params={{ session: session.id, exchange: at }} className={link}>
          {rewind.live?.differences.length ? "Show the difference" : "Show where"}
        </Link>
      )}
      <Link to="/sessions/$session" params={{ session: rewind.recorded_session }} className={link}>
        The recorded session
      </Link>
    </section>
  );
}
