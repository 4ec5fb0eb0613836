// Single-letter keys, off while someone types. A map of key to action; the newest mounted map that knows a key wins.
import { useEffect, useRef } from "react";

type Action = (event: KeyboardEvent) => void;
export type KeyMap = Record<string, Action>;

const stack: { current: KeyMap }[] = [];

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.tagName === "INPUT" ||
      target.tagName === "TEXTAREA" ||
      target.tagName === "SELECT")
  );
}

const PRESSED = "button, summary, [role=option]";
/** A row is chosen by the list around it, wherever the last click left the focus. */
const FOLLOWED = "a[href]:not([role=row])";
/** What scrolls, or chooses, by arrows of its own while it has the focus. */
const ARROWED = "[tabindex='0']:not([role=grid]), [role=tabpanel], [role=radiogroup], [role=tablist]";

/** Keys that the focused element answers itself: a button its press, a link its way, a reading pane its scrolling. */
function isOwn({ key, target }: KeyboardEvent): boolean {
  if (!(target instanceof Element)) return false;
  if (key === " ") return target.closest(PRESSED) !== null;
  if (key === "Enter") return target.closest(`${PRESSED}, ${FOLLOWED}`) !== null;
  return key.startsWith("Arrow") && target.closest(ARROWED) !== null;
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const mod = event.metaKey || event.ctrlKey;
  if (!mod && typing(event.target)) return;
  if (document.querySelector("[role=dialog]") && !mod) return;
  if (isOwn(event)) return;
  const name = mod ? `mod+${event.key.toLowerCase()}` : event.altKey ? "" : event.key;
  for (let i = stack.length - 1; i >= 0; i -= 1) {
    const action = stack[i]?.current[name];
    if (!action) continue;
    event.preventDefault();
    action(event);
    return;
  }
}

export function useKeys(map: KeyMap): void {
  const latest = useRef(map);
  latest.current = map;
  useEffect(() => {
    if (stack.length === 0) window.addEventListener("keydown", onKeyDown);
    stack.push(latest);
    return () => {
      stack.splice(stack.indexOf(latest), 1);
      if (stack.length === 0) window.removeEventListener("keydown", onKeyDown);
    };
  }, []);
}
