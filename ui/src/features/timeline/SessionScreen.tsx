// One session: header, time strip, rows, and the chosen step beside them.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { SearchX } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { Group, Panel, Separator } from "react-resizable-panels";
import { CommandError, type TimelineRow } from "@/bridge";
import { oneExchange, oneSession, WINDOW } from "@/bridge/queries";
import type { Range } from "@/model/strip";
import { useKeys } from "@/widgets/keys";
import { useNewSignal } from "@/widgets/signal";
import { Empty, Failure } from "@/widgets/states";
import { ForkLine } from "../fork";
import { Controls } from "../hand";
import { RewindLine } from "../rewind";
import { StandingLine } from "../standing";
import { useFolding } from "./fold-state";
import { type Mode, nextMode } from "./modes";
import { SessionHeader } from "./SessionHeader";
import { Strip } from "./Strip";
import { findNext, isError, REACH, rowsIn } from "./seek";
import { TimelineList } from "./TimelineList";
import { useTimelineTotal } from "./window";

/** The elements that the focus goes to by key. */
const STEP = "tab-panel";
const ROWS = "timeline-rows";
const focusOn = (id: string) => document.getElementById(id)?.focus({ preventScroll: true });

export function SessionScreen() {
  const { session } = useParams({ from: "/sessions/$session" });
  return <OneSession key={session} session={session} />;
}

function OneSession({ session }: { session: string }) {
  const { exchange } = useParams({ strict: false });
  const { tab } = useSearch({ strict: false });
  const client = useQueryClient();
  const navigate = useNavigate();
  const facts = useQuery(oneSession(session));
  const { total, error } = useTimelineTotal(session);
  const [mode, setMode] = useState<Mode>("transcript");
  const [follow, setFollow] = useState(exchange === undefined);
  const [selected, setSelected] = useState<number | null>(null);
  const [goal, setGoal] = useState<{ index: number; at: number } | null>(null);
  const folding = useFolding(session);
  const { folds, known, reveal } = folding;
  const view = useNewSignal<Range | null>(null);
  const [told, setTold] = useState<string | null>(null);

  const go = useCallback((index: number) => setGoal({ index, at: performance.now() }), []);

  // A link to a step: its row is shown once.
  const shown = useRef<string | null>(null);
  const linked = useQuery({ ...oneExchange(exchange ?? ""), enabled: exchange !== undefined }).data;
  useEffect(() => {
    if (!linked || !known || linked.id !== exchange || shown.current === linked.id || linked.row === null) return;
    shown.current = linked.id;
    setSelected(linked.row);
    reveal(linked.row);
    go(linked.row);
  }, [linked, known, exchange, go, reveal]);

  const onSelect = useCallback(
    (index: number, row: TimelineRow, wanted = tab) => {
      shown.current = row.exchange;
      setFollow(false);
      setSelected(index);
      return navigate({
        to: "/sessions/$session/steps/$exchange",
        params: { session, exchange: row.exchange },
        search: wanted ? { tab: wanted } : {},
        replace: true,
      });
    },
    [navigate, session, tab],
  );
  /** `read`: the focus goes into the step. */
  const choose = async (index: number, show: boolean, { wanted = tab, read = false } = {}) => {
    const at = Math.max(0, Math.min(total - 1, index));
    setFollow(false);
    setSelected(at);
    go(at);
    if (!show) return;
    const rows = await rowsIn(client, session, Math.floor(at / WINDOW));
    const row = rows[at % WINDOW];
    if (!row) return;
    await onSelect(at, row, wanted);
    if (read) focusOn(STEP);
  };
  const seek = async (by: 1 | -1, what: string, wanted: Parameters<typeof findNext>[5]) => {
    const from = selected ?? (by === 1 ? -1 : total);
    const found = await findNext(client, session, from, total, by, wanted);
    if (found === null)
      setTold(`No ${by === 1 ? "further" : "earlier"} ${what}${total > REACH ? ` within ${REACH} rows` : ""}`);
    else {
      reveal(found);
      await choose(found, exchange !== undefined);
    }
  };
  useEffect(() => {
    if (told === null) return;
    const timer = setTimeout(() => setTold(null), 2500);
    return () => clearTimeout(timer);
  }, [told]);

  const open = exchange !== undefined;
  // What had the focus in a step that closes is gone: the rows have it.
  const wasOpen = useRef(open);
  useEffect(() => {
    if (wasOpen.current && !open && document.activeElement === document.body) focusOn(ROWS);
    wasOpen.current = open;
  }, [open]);
  const at = selected ?? (follow ? total : -1);
  /** A fold is passed in one go. */
  const by = (places: number) => void choose(folds.rowAt(Math.max(0, folds.placeOf(at) + places)), open);
  const close = () => void navigate({ to: "/sessions/$session", params: { session }, replace: true });
  useKeys({
    j: () => by(1),
    k: () => by(-1),
    ArrowDown: () => by(1),
    ArrowUp: () => by(-1),
    z: () => selected !== null && folding.toggle(selected),
    g: () => void choose(0, open),
    G: () => void choose(total - 1, open),
    Enter: () => selected !== null && !reveal(selected) && void choose(selected, true, { read: true }),
    p: () => selected !== null && void choose(selected, true, { wanted: "policy", read: true }),
    t: () => setMode(nextMode(mode)),
    f: () => setFollow(!follow),
    e: () => void seek(1, "error", isError),
    E: () => void seek(-1, "error", isError),
    "]": () => void seek(1, "intervention", (row) => row.interventions.length > 0),
    "[": () => void seek(-1, "intervention", (row) => row.interventions.length > 0),
    Escape: () => (open ? close() : void navigate({ to: "/sessions" })),
  });

  if (facts.error instanceof CommandError && facts.error.code === "not_found") return <Missing session={session} />;
  if (facts.error) return <Failure error={facts.error} again={() => void facts.refetch()} />;
  const list = (
    <div className="@container flex h-full min-h-0 flex-col">
      {error !== null && <Failure error={error} />}
      <TimelineList
        session={session}
        total={total}
        begun={facts.data ? Date.parse(facts.data.started_at) : 0}
        mode={mode}
        follow={follow}
        onUnfollow={() => setFollow(false)}
        selected={selected}
        onSelect={onSelect}
        tab={tab}
        goal={goal}
        folding={folding}
        view={view}
      />
    </div>
  );
  return (
    <section aria-label="Session" className="relative flex h-full min-h-0 flex-col">
      <SessionHeader
        session={facts.data}
        mode={mode}
        onMode={setMode}
        follow={follow}
        onFollow={() => setFollow(!follow)}
      />
      {facts.data && <Controls session={facts.data} />}
      {facts.data && <StandingLine session={facts.data} toldAt={facts.dataUpdatedAt} />}
      {facts.data && <RewindLine session={facts.data} />}
      {facts.data && <ForkLine session={facts.data} />}
      <Strip
        session={session}
        total={total}
        used={facts.data?.context_used ?? null}
        view={view}
        onRow={(row) => void choose(row, open)}
      />
      <Group orientation="horizontal" className="min-h-0 flex-1">
        <Panel id="rows" minSize="30%">
          {list}
        </Panel>
        {open && <Separator className="w-px bg-line hover:bg-focus data-[separator=active]:bg-focus" />}
        {open && (
          <Panel id="step" defaultSize="52%" minSize="30%">
            <Outlet />
          </Panel>
        )}
      </Group>
      {told !== null && (
        <p
          role="status"
          className="absolute bottom-3 left-1/2 -translate-x-1/2 rounded border border-edge bg-raised px-3 py-1 text-sm shadow-lg"
        >
          {told}
        </p>
      )}
    </section>
  );
}

function Missing({ session }: { session: string }) {
  return (
    <Empty icon={SearchX} title="This session is not in the record">
      <p className="font-mono text-sm">{session}</p>
      <Link to="/sessions" className="link">
        Show all sessions
      </Link>
    </Empty>
  );
}
