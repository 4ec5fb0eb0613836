// ⌘K: screens, commands, sessions by what was said, and any id pasted.
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import { Dialog } from "radix-ui";
import { useEffect, useState } from "react";
import { call } from "@/bridge";
import { health, oneExchange, sessionHead } from "@/bridge/queries";
import { oneLine } from "@/model/format";
import { copyText } from "@/widgets/copy";
import { useOpener } from "@/widgets/opener";
import { useTheme } from "@/widgets/theme";

type Props = { open: boolean; onOpen: (open: boolean) => void; onHelp: () => void };

const ITEM = "flex h-7 cursor-pointer items-center gap-2 rounded px-2 data-[selected=true]:bg-chosen";
const GROUP =
  "[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-0.5 [&_[cmdk-group-heading]]:text-muted [&_[cmdk-group-heading]]:text-xs";

export function Palette({ open, onOpen, onHelp }: Props) {
  const giveBack = useOpener(open);
  return (
    <Dialog.Root open={open} onOpenChange={onOpen}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/30" />
        <Dialog.Content
          aria-describedby={undefined}
          onCloseAutoFocus={giveBack}
          className="fixed top-[14%] left-1/2 z-50 w-[600px] max-w-[92vw] -translate-x-1/2 overflow-hidden rounded border border-edge bg-raised shadow-xl"
        >
          <Dialog.Title className="sr-only">Search and commands</Dialog.Title>
          <Contents close={() => onOpen(false)} onHelp={onHelp} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

const PLACES = ["overview", "sessions", "approvals", "policies", "connect", "settings"] as const;

function Contents({ close, onHelp }: { close: () => void; onHelp: () => void }) {
  const [typed, setTyped] = useState("");
  const [asked, setAsked] = useState("");
  const navigate = useNavigate();
  const { dark, setTheme } = useTheme();
  const proxy = useQuery(health).data?.proxy;
  useEffect(() => {
    const timer = setTimeout(() => setAsked(typed.trim()), 150);
    return () => clearTimeout(timer);
  }, [typed]);
  const recent = useQuery(sessionHead("")).data?.sessions.slice(0, 6) ?? [];
  const hits = useQuery({
    queryKey: ["search", asked],
    enabled: asked.length >= 2 && !/^(ses|exc)_/.test(asked),
    queryFn: ({ signal }) => call("search", { query: asked, limit: 8 }, signal),
    retry: false,
  }).data?.hits;
  const exchange = useQuery({ ...oneExchange(asked), enabled: /^exc_\w{13}$/.test(asked), retry: false }).data;
  const run = (act: () => unknown) => () => {
    close();
    void act();
  };
  return (
    <Command label="Search and commands" loop className="flex max-h-[420px] flex-col">
      <Command.Input
        value={typed}
        onValueChange={setTyped}
        placeholder="A screen, a command, words from a session, or an id"
        className="h-10 shrink-0 border-line border-b bg-transparent px-3 outline-none placeholder:text-faint"
      />
      <Command.List className="overflow-y-auto p-1.5">
        {!hits?.length && !exchange && (
          <Command.Empty className="px-2 py-6 text-center text-muted">Nothing found. Try fewer words.</Command.Empty>
        )}
        {/^ses_\w{13}$/.test(asked) && (
          <Command.Item
            value={asked}
            className={ITEM}
            onSelect={run(() => navigate({ to: "/sessions/$session", params: { session: asked } }))}
          >
            Open session <span className="font-mono text-sm">{asked}</span>
          </Command.Item>
        )}
        {exchange && (
          <Command.Item
            value={asked}
            className={ITEM}
            onSelect={run(() =>
              navigate({
                to: "/sessions/$session/steps/$exchange",
                params: { session: exchange.session, exchange: exchange.id },
              }),
            )}
          >
            Open step {exchange.step} <span className="font-mono text-sm">{asked}</span>
          </Command.Item>
        )}
        {hits && hits.length > 0 && (
          <Command.Group heading="Said in a session" forceMount className={GROUP}>
            {hits.map((hit) => (
              <Command.Item
                key={`${hit.exchange}${hit.snippet}`}
                value={`${asked} ${hit.exchange} ${hit.snippet}`}
                forceMount
                className={ITEM}
                onSelect={run(() =>
                  navigate({
                    to: "/sessions/$session/steps/$exchange",
                    params: { session: hit.session, exchange: hit.exchange },
                  }),
                )}
              >
                <span className="num shrink-0 text-faint text-xs">step {hit.step}</span>
                <Snippet text={oneLine(hit.snippet)} />
              </Command.Item>
            ))}
          </Command.Group>
        )}
        <Command.Group heading="Go to" className={GROUP}>
          {PLACES.map((place) => (
            <Command.Item
              key={place}
              value={`go ${place}`}
              className={`${ITEM} capitalize`}
              onSelect={run(() => navigate({ to: `/${place}` }))}
            >
              {place}
            </Command.Item>
          ))}
        </Command.Group>
        <Command.Group heading="Do" className={GROUP}>
          {proxy !== undefined && (
            <Command.Item value="copy proxy address" className={ITEM} onSelect={run(() => copyText(proxy))}>
              Copy proxy address <span className="font-mono text-muted text-sm">{proxy}</span>
            </Command.Item>
          )}
          <Command.Item
            value="theme dark light"
            className={ITEM}
            onSelect={run(() => setTheme(dark ? "light" : "dark"))}
          >
            {dark ? "Light theme" : "Dark theme"}
          </Command.Item>
          <Command.Item
            value="running sessions"
            className={ITEM}
            onSelect={run(() => navigate({ to: "/sessions", search: { q: "status:running" } }))}
          >
            Show running sessions
          </Command.Item>
          <Command.Item value="keyboard help shortcuts" className={ITEM} onSelect={run(onHelp)}>
            Keyboard shortcuts
          </Command.Item>
        </Command.Group>
        {recent.length > 0 && (
          <Command.Group heading="Latest sessions" className={GROUP}>
            {recent.map((session) => (
              <Command.Item
                key={session.id}
                value={`${session.id} ${session.agent} ${session.title}`}
                className={ITEM}
                onSelect={run(() => navigate({ to: "/sessions/$session", params: { session: session.id } }))}
              >
                <span className="w-24 shrink-0 truncate text-muted text-sm">{session.agent}</span>
                <span className="truncate">{oneLine(session.title)}</span>
              </Command.Item>
            ))}
          </Command.Group>
        )}
      </Command.List>
    </Command>
  );
}

/** The match stands between « and ». */
function Snippet({ text }: { text: string }) {
  const [before = "", match, ...after] = text.split(/[«»]/);
  return (
    <span className="truncate">
      {before}
      {match !== undefined && <mark className="rounded bg-human-soft text-ink">{match}</mark>}
      {after.join("")}
    </span>
  );
}
