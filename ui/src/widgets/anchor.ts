// A row that is a link: cheap to mount by the hundred, and still a real address to open elsewhere.
import type { MouseEvent } from "react";

/** Runs `act` for a plain click; a click with a modifier stays the browser's. */
export function plainClick(act: (event: MouseEvent) => void): (event: MouseEvent) => void {
  return (event) => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    event.preventDefault();
    act(event);
  };
}
