// The bridge: the only part of the UI that knows where commands go and where changes come from.
import type { Change, Commands, Text } from "./bindings";
import { CommandError } from "./protocol";
import { inWindow, transport } from "./transport";

export type * from "./bindings";
export { CommandError } from "./protocol";
export { adoptToken } from "./token";
export { inWindow } from "./transport";

/** What of a text came along: all of it, or its first characters. */
export function beginning(text: Text | null): string {
  return text === null ? "" : typeof text === "string" ? text : `${text.preview}…`;
}

export type CommandName = keyof Commands;

export async function call<Name extends CommandName>(
  name: Name,
  args: Commands[Name]["args"],
  signal?: AbortSignal,
): Promise<Commands[Name]["result"]> {
  return (await transport.call(name, args, signal)) as Commands[Name]["result"];
}

/** Hears which screen the program wants shown: its tray or a notification was clicked. In a browser there is neither. */
export async function followPlaces(open: (path: string) => void): Promise<void> {
  if (!inWindow) return;
  const { listen } = await import("@tauri-apps/api/event");
  await listen<string>("open", (event) => open(event.payload));
}

export type Connection = "connecting" | "live" | "lost" | "refused";

/** Delivers changes until stopped; reconnects with growing pauses, and says how the connection stands. */
export function subscribe(onChange: (change: Change) => void, onConnection: (state: Connection) => void): () => void {
  const ended = new AbortController();
  void (async () => {
    let pause = 250;
    onConnection("connecting");
    while (!ended.signal.aborted) {
      try {
        await transport.listen(
          onChange,
          () => {
            pause = 250;
            onConnection("live");
          },
          ended.signal,
        );
      } catch (cause) {
        if (ended.signal.aborted) return;
        if (cause instanceof CommandError && (cause.status === 401 || cause.status === 403)) {
          onConnection("refused");
          return;
        }
      }
      if (ended.signal.aborted) return;
      onConnection("lost");
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(pause * 2, 5000);
    }
  })();
  return () => ended.abort();
}
