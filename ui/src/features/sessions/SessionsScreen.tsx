import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ArrowUp, ListTree, SearchX } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { CommandError } from "@/bridge";
import { plural } from "@/model/format";
import { useKeys } from "@/widgets/keys";
import { Empty, Failure, SkeletonRows } from "@/widgets/states";
import { HEAD, useRows, useScroller, VirtualRows } from "@/widgets/virtual";
import { useSessionList } from "./list";
import { QueryBar } from "./QueryBar";
import { COLUMNS, SessionRow, WIDE, WIDE_INLINE } from "./SessionRow";

export function SessionsScreen() {
  const { q = "" } = useSearch({ from: "/sessions" });
  const navigate = useNavigate();
  const [selected, setSelected] = useState<string | null>(null);
  const [atTop, setAtTop] = useState(true);
  const list = useSessionList(q, selected !== null || !atTop);
  const { sessions, fresh } = list;
  const scroller = useScroller();
  const rows = useRows(sessions.length, scroller, HEAD);
  const last = rows.getVirtualItems().at(-1)?.index ?? 0;
  const { loadMore } = list;
  useEffect(() => {
    if (last >= sessions.length - 20) loadMore();
  }, [last, sessions.length, loadMore]);

  const at = sessions.findIndex((session) => session.id === selected);
  const select = (index: number) => {
    const target = sessions[Math.max(0, Math.min(sessions.length - 1, index))];
    if (!target) return;
    setSelected(target.id);
    rows.scrollToIndex(sessions.indexOf(target));
  };
  const open = useCallback(
    (session: string) => void navigate({ to: "/sessions/$session", params: { session } }),
    [navigate],
  );
  const letIn = () => {
    setSelected(null);
    rows.scrollToIndex(0);
    list.refresh();
  };
  useKeys({
    j: () => select(at + 1),
    k: () => select(at < 0 ? 0 : at - 1),
    ArrowDown: () => select(at + 1),
    ArrowUp: () => select(at < 0 ? 0 : at - 1),
    g: () => select(0),
    G: () => select(sessions.length - 1),
    Enter: () => selected !== null && open(selected),
    Escape: () => setSelected(null),
    ".": letIn,
  });

  return (
    <section aria-label="Sessions" className="@container flex h-full min-h-0 flex-col">
      <header className="flex h-11 shrink-0 items-center gap-3 border-line border-b px-3">
        <h1 className="font-semibold">Sessions</h1>
        <QueryBar
          query={q}
          error={list.error}
          onQuery={(query) =>
            void navigate({ to: "/sessions", search: query === "" ? {} : { q: query }, replace: true })
          }
        />
        {fresh > 0 && (
          <button
            type="button"
            onClick={letIn}
            title="Show them ( . )"
            className="arrived inline-flex h-6 shrink-0 items-center gap-1 rounded border border-model-line bg-model-soft px-2 text-model text-sm"
          >
            {fresh} new <ArrowUp size={12} />
          </button>
        )}
      </header>
      {sessions.length === 0 && (
        <div className="min-h-0 flex-1">
          {list.loading && <SkeletonRows rows={14} />}
          {list.error !== null && sessions.length === 0 && (
            <Refused error={list.error} query={q} again={list.refresh} />
          )}
          {!list.loading && list.error === null && sessions.length === 0 && <NoSessions query={q} />}
        </div>
      )}
      <div
        ref={scroller}
        role="grid"
        aria-label="Sessions"
        aria-rowcount={list.hasMore ? -1 : sessions.length + 1}
        aria-activedescendant={selected ? `row-${selected}` : undefined}
        tabIndex={0}
        className={`flex min-h-0 flex-col overflow-y-auto ${sessions.length === 0 ? "hidden" : "flex-1"}`}
        style={{ scrollbarGutter: "stable" }}
        onScroll={(event) => setAtTop(event.currentTarget.scrollTop < 8)}
      >
        <div
          role="row"
          className={`${COLUMNS} sticky top-0 z-10 h-6 shrink-0 border-line border-b bg-canvas text-muted text-xs`}
        >
          <span role="columnheader">Status</span>
          <span role="columnheader">Agent</span>
          <span role="columnheader">Title</span>
          <span role="columnheader" className={WIDE}>
            Models
          </span>
          <span role="columnheader" className="num">
            Steps
          </span>
          <span role="columnheader" className="num">
            Duration
          </span>
          <span role="columnheader" className="num">
            In <span className={WIDE_INLINE}>· cached </span>· out
          </span>
          <span role="columnheader" className="num">
            Cost
          </span>
          <span role="columnheader" className={WIDE}>
            Context
          </span>
          <span role="columnheader" className="num" title="Interventions">
            Acts
          </span>
          <span role="columnheader" className="num">
            Last
          </span>
        </div>
        <VirtualRows
          role="rowgroup"
          rows={rows}
          render={(index) => {
            const session = sessions[index];
            if (!session) return null;
            return <SessionRow session={session} place={index} selected={session.id === selected} onOpen={open} />;
          }}
        />
      </div>
      <p className="sr-only" role="status">
        {fresh > 0 ? `${plural(fresh, "new session")} above` : ""}
      </p>
    </section>
  );
}

function Refused({ error, query, again }: { error: unknown; query: string; again: () => void }) {
  const misread = query !== "" && error instanceof CommandError && error.code === "bad_request";
  if (!misread) return <Failure error={error} again={again} />;
  return (
    <Empty icon={SearchX} title="The filter is not understood">
      <p role="alert" className="first-letter:uppercase">
        {error.message}
      </p>
      <Link to="/sessions" className="link">
        Show all sessions
      </Link>
    </Empty>
  );
}

function NoSessions({ query }: { query: string }) {
  if (query !== "") {
    return (
      <Empty icon={SearchX} title="No session matches">
        <Link to="/sessions" className="link">
          Show all sessions
        </Link>
      </Empty>
    );
  }
  return (
    <Empty icon={ListTree} title="No session yet">
      Point an agent here and its session appears while it runs.{" "}
      <Link to="/connect" className="link">
        Connect an agent
      </Link>
    </Empty>
  );
}
