// One line under a fork's head: what it was forked from, and the way to the comparison.
import { Link } from "@tanstack/react-router";
import { GitFork } from "lucide-react";
import type { SessionDetail } from "@/bridge";
import { oneLine } from "@/model/format";

export function ForkLine({ session }: { session: SessionDetail }) {
  const { forked_from: from } = session;
  if (from === null) return null;
  const without = from.without.length > 0 ? `without ${from.without.join(", ")}` : null;
  const changed = [from.model, without, from.message === null ? null : `“${oneLine(from.message).slice(0, 80)}”`];
  return (
    <section aria-label="Fork" className="flex h-7 shrink-0 items-center gap-2 border-line border-b px-3 text-sm">
      <GitFork size={13} className="shrink-0 text-human" />
      <span className="truncate">
        Forked from <code className="font-mono text-xs">{from.exchange}</code>
        {changed.filter((part) => part !== null).map((part) => ` · ${part}`)}
      </span>
      <Link
        to="/compare/$exchange/$with"
        params={{ exchange: from.exchange, with: from.fork }}
        className="rounded border border-line px-1.5 text-muted text-xs hover:bg-hover hover:text-ink"
      >
        Compare the answers
      </Link>
    </section>
  );
}
