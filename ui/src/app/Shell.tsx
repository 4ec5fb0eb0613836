// The frame around every screen: rail, screen, status bar; palette and help above them.
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { Cable, CircleGauge, Hand, ListTree, type LucideIcon, Search, Settings, Shield } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { escalations, health } from "@/bridge/queries";
import { AlertNotices } from "@/features/alerts";
import { StatusBar, useConnection } from "@/features/live";
import { useKeys } from "@/widgets/keys";
import { Help } from "./Help";
import { NoEntry } from "./NoEntry";
import { Palette } from "./Palette";

const PLACES = [
  { to: "/overview", name: "Overview", icon: CircleGauge },
  { to: "/sessions", name: "Sessions", icon: ListTree },
  { to: "/approvals", name: "Approvals", icon: Hand },
  { to: "/policies", name: "Policies", icon: Shield },
  { to: "/connect", name: "Connect", icon: Cable },
  { to: "/settings", name: "Settings", icon: Settings },
] as const;

export function Shell() {
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  const navigate = useNavigate();
  const refused = useConnection((store) => store.connection === "refused");
  useKeys({
    "mod+k": () => setPalette(!palette),
    "?": () => setHelp(true),
    ...Object.fromEntries(PLACES.map((place, i) => [String(i + 1), () => void navigate({ to: place.to })])),
  });
  const main = useRef<HTMLElement>(null);
  const screen = useLocation({ select: ({ pathname }) => pathname.split("/").slice(1, 3).join("/") });
  // The screen that was left took the focus with it: reading goes on in the new one, not at the top of the page.
  useEffect(() => {
    if (document.activeElement === document.body) main.current?.focus({ preventScroll: true });
  }, [screen]);
  if (refused) return <NoEntry />;
  return (
    <div className="flex h-full flex-col">
      <button
        type="button"
        onClick={() => main.current?.focus()}
        className="sr-only z-50 rounded border border-edge bg-raised px-3 py-1 focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
      >
        Skip to the screen
      </button>
      <div className="flex min-h-0 flex-1">
        <nav
          aria-label="Main"
          className="flex w-11 shrink-0 flex-col gap-0.5 border-line border-r bg-panel p-1.5 xl:w-40"
        >
          <div className="mb-1 flex h-8 items-center gap-2 px-1.5">
            <img src="/icon.svg" alt="" width={18} height={18} />
            <span className="hidden font-semibold tracking-tight xl:inline">Switchtower</span>
          </div>
          <button
            type="button"
            onClick={() => setPalette(true)}
            title="Search and commands ( ⌘K )"
            aria-label="Search and commands"
            className="mb-2 flex h-7 items-center gap-2 rounded border border-line bg-canvas px-1.5 text-muted hover:text-ink"
          >
            <Search size={14} className="mx-px shrink-0" />
            <span className="hidden xl:inline">Search</span>
            <kbd className="ml-auto hidden text-faint text-xs xl:inline">⌘K</kbd>
          </button>
          {PLACES.map((place) => (
            <Place key={place.to} {...place} />
          ))}
        </nav>
        <main ref={main} tabIndex={-1} className="min-w-0 flex-1 outline-none">
          <Outlet />
        </main>
      </div>
      <StatusBar onHelp={() => setHelp(true)} />
      <AlertNotices />
      <Palette open={palette} onOpen={setPalette} onHelp={() => setHelp(true)} />
      <Help open={help} onOpen={setHelp} />
    </div>
  );
}

type PlaceProps = { to: (typeof PLACES)[number]["to"]; name: string; icon: LucideIcon };

function Place({ to, name, icon: Icon }: PlaceProps) {
  return (
    <Link
      to={to}
      title={name}
      aria-label={name}
      className="relative flex h-7 items-center gap-2.5 rounded px-[7px] text-muted hover:bg-hover hover:text-ink"
      activeProps={{ className: "bg-chosen !text-ink font-medium", "aria-current": "page" }}
    >
      <Icon size={16} strokeWidth={1.75} className="shrink-0" />
      <span className="hidden xl:inline">{name}</span>
      {to === "/approvals" && <Waiting />}
      {to === "/policies" && <Broken />}
    </Link>
  );
}

const BADGE =
  "absolute top-0 right-0 xl:static xl:ml-auto min-w-4 rounded-full px-1 text-center text-xs leading-4 tabular-nums";

function Waiting() {
  const waiting = useQuery(escalations).data?.escalations.length ?? 0;
  if (waiting === 0) return null;
  return (
    <span role="status" aria-label={`${waiting} waiting`} className={`${BADGE} bg-human-soft text-human`}>
      {waiting}
    </span>
  );
}

function Broken() {
  const broken = useQuery(health).data?.policies.filter((policy) => policy.error !== null).length ?? 0;
  if (broken === 0) return null;
  return (
    <span role="status" aria-label={`${broken} with errors`} className={`${BADGE} bg-error-soft text-error`}>
      {broken}!
    </span>
  );
}
