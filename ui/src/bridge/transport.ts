// Two ways to the same commands: Tauri's IPC in the window, HTTP in a browser. Nothing outside this folder knows which.
import type { Change } from "./bindings";
import { CommandError } from "./protocol";
import { token } from "./token";

export type Transport = {
  call(name: string, args: object, signal?: AbortSignal): Promise<unknown>;
  /** Opens the event stream once; resolves or rejects when it ends. */
  listen(onChange: (change: Change) => void, onOpen: () => void, signal: AbortSignal): Promise<void>;
};

const http: Transport = {
  async call(name, args, signal) {
    let response: Response;
    try {
      response = await fetch(`/rpc/${name}`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token()}` },
        body: JSON.stringify(args),
        signal: signal ?? null,
      });
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new CommandError("unreachable", "The console does not answer.", "Is `switchtower serve` still running?", 0);
    }
    const text = await response.text();
    let body: unknown = null;
    try {
      body = text === "" ? null : JSON.parse(text);
    } catch {
      throw new CommandError("not_json", `${name} answered ${response.status} without JSON.`, null, response.status);
    }
    if (!response.ok) throw CommandError.from(body ?? `${name} answered ${response.status}.`, response.status);
    return body;
  },

  async listen(onChange, onOpen, signal) {
    const response = await fetch("/events", {
      headers: { authorization: `Bearer ${token()}`, accept: "text/event-stream" },
      signal,
    });
    if (!response.ok || !response.body) throw new CommandError("events", "No event stream.", null, response.status);
    onOpen();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (!line.startsWith("data:")) continue;
        const change = readChange(line.slice(5));
        if (change) onChange(change);
      }
    }
  },
};

function readChange(text: string): Change | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "kind" in value ? (value as Change) : null;
  } catch {
    return null;
  }
}

const window_: Transport = {
  async call(name, args) {
    const { invoke } = await import("@tauri-apps/api/core");
    try {
      return await invoke(name, { args });
    } catch (cause) {
      throw CommandError.from(cause, 400);
    }
  },

  async listen(onChange, onOpen, signal) {
    const { listen } = await import("@tauri-apps/api/event");
    const stop = await listen<Change>("changes", (event) => onChange(event.payload));
    onOpen();
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    stop();
  },
};

export const inWindow = "__TAURI_INTERNALS__" in globalThis;
export const transport: Transport = inWindow ? window_ : http;
