// A window over the screen that no trigger of its own opens: what had the focus before has it again when it closes.
import { useRef } from "react";

/** For `onCloseAutoFocus` of the window's content. */
export function useOpener(open: boolean): (event: Event) => void {
  const opener = useRef<Element | null>(null);
  const was = useRef(false);
  // Taken while drawing, before the window takes the focus.
  if (open && !was.current) opener.current = document.activeElement;
  was.current = open;
  return (event) => {
    event.preventDefault();
    const back = opener.current;
    const there = back instanceof HTMLElement && back.isConnected && back !== document.body;
    (there ? back : document.querySelector("main"))?.focus({ preventScroll: true });
  };
}
