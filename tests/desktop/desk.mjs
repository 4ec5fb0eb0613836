// A desk to put the real window on: a display without a screen, a message bus, and the driver that WebKit brings. All ends with `clear`.
import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const freePort = () =>
  new Promise((found) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });

/** Waits until `holds` gives something, asking again every 50 ms; says `what` where it never does. */
export async function until(what, holds, within = 15_000) {
  const end = Date.now() + within;
  for (;;) {
    const found = await holds().catch(() => undefined);
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${within / 1000} s: ${what}`);
    await new Promise((later) => setTimeout(later, 50));
  }
}

export async function setUp() {
  const children = [];
  const start = (program, args, options) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    child.ended = new Promise((ended) => child.once("exit", (code, signal) => ended(code ?? signal)));
    children.push(child);
    return child;
  };
  const line = (stream) => new Promise((first) => createInterface(stream).once("line", first));

  // Xvfb picks a free display and writes its number to the descriptor it is given.
  const screen = start("Xvfb", ["-displayfd", "3", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const display = `:${(await line(screen.stdio[3])).trim()}`;
  const bus = start("dbus-daemon", ["--session", "--nofork", "--print-address=1"]);
  const folder = mkdtempSync(join(tmpdir(), "switchtower-desktop-"));
  const env = {
    PATH: process.env.PATH, LANG: "C.UTF-8", HOME: folder, XDG_RUNTIME_DIR: folder,
    XDG_CONFIG_HOME: join(folder, "config"), XDG_DATA_HOME: join(folder, "share"), XDG_CACHE_HOME: join(folder, "cache"),
    DISPLAY: display, GDK_BACKEND: "x11", DBUS_SESSION_BUS_ADDRESS: await line(bus.stdout), NO_AT_BRIDGE: "1",
    // No GPU here; and with it set the program need not start itself anew.
    WEBKIT_DISABLE_DMABUF_RENDERER: "1", LIBGL_ALWAYS_SOFTWARE: "1",
    // Without it Tauri lets no driver in.
    TAURI_WEBVIEW_AUTOMATION: "true",
  };
  const port = await freePort();
  const webkit = start("WebKitWebDriver", [`--port=${port}`, "--host=127.0.0.1"], { env });
  const driver = `http://127.0.0.1:${port}`;
  await until("WebKitWebDriver answers", async () => (await fetch(`${driver}/status`)).ok);
  return {
    env, folder, driver, start, driverPid: webkit.pid,
    clear: async () => {
      for (const child of children.toReversed()) if (child.exitCode === null) child.kill("SIGTERM");
      await Promise.all(children.map((child) => child.ended));
    },
  };
}
