// What a rule tells this desktop, over whatever is on the screen, until it is put away.
import { Link } from "@tanstack/react-router";
import { BellRing, X } from "lucide-react";
import { useRef } from "react";
import { type Told, unread } from "@/model/alerts";
import { plural } from "@/model/format";
import { Ago } from "@/widgets/time";
import { useAlerts, useNotices } from "./alerts";

/** So many at once; the list has the others. */
const SHOWN = 3;

export function AlertNotices() {
  const all = useAlerts();
  const { since, dismissed, dismiss } = useNotices();
  const news = unread(all, since, dismissed);
  const more = news.length - SHOWN;
  const region = useRef<HTMLElement>(null);
  const putAway = (ids: string[]) => {
    dismiss(ids);
    // The pressed button goes with its notice: the next notice has the focus, or the screen.
    requestAnimationFrame(() => {
      if (document.activeElement !== document.body) return;
      (region.current?.querySelector("button") ?? document.querySelector("main"))?.focus();
    });
  };
  return (
    <section
      ref={region}
      aria-label="New alerts"
      aria-live="polite"
      className="pointer-events-none fixed right-3 bottom-9 z-30 flex w-[360px] max-w-[90vw] flex-col gap-2"
    >
      {news.slice(0, SHOWN).map((one) => (
        <Notice key={one.id} alert={one} onDismiss={() => putAway([one.id])} />
      ))}
      {more > 0 && (
        <button
          type="button"
          onClick={() => putAway(news.map((one) => one.id))}
          className="pointer-events-auto self-end rounded border border-edge bg-raised px-2 py-0.5 text-muted text-sm shadow-lg hover:bg-hover"
        >
          Dismiss all, {plural(more, "more alert")} too
        </button>
      )}
    </section>
  );
}

function Notice({ alert, onDismiss }: { alert: Told; onDismiss: () => void }) {
  return (
    <article
      aria-label={`Alert ${alert.alert}`}
      className="pointer-events-auto rounded border border-edge bg-raised py-2 pr-2 pl-3 shadow-lg shadow-[inset_2px_0_var(--purple-9)]"
    >
      <header className="flex items-center gap-2 text-sm">
        <BellRing size={13} className="shrink-0 text-policy" />
        <span
          className="min-w-0 truncate font-medium text-policy"
          title={`Alert ${alert.alert} of policy ${alert.policy}`}
        >
          {alert.alert}
        </span>
        {/* Hidden from those who hear: a live region would tell every second. */}
        <span aria-hidden className="shrink-0 text-faint text-xs">
          <Ago at={alert.at} />
        </span>
        <button
          type="button"
          aria-label="Dismiss alert"
          onClick={onDismiss}
          className="ml-auto rounded p-0.5 text-muted hover:bg-hover hover:text-ink"
        >
          <X size={13} />
        </button>
      </header>
      <p className="mt-0.5 max-h-40 overflow-y-auto whitespace-pre-wrap break-words pr-1">{alert.text}</p>
      <footer className="mt-1 flex items-baseline gap-2 text-sm">
        <Link
          to="/sessions/$session/steps/$exchange"
          params={{ session: alert.session, exchange: alert.exchange }}
          search={{ tab: "policy" }}
          onClick={onDismiss}
          className="link"
        >
          Open its step
        </Link>
        <span className="ml-auto min-w-0 truncate text-faint text-xs" title={`Rule ${alert.rule} of ${alert.policy}`}>
          {alert.rule}
        </span>
      </footer>
    </article>
  );
}
