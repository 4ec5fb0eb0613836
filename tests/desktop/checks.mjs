// What must hold of the real window. Each check opens its own, on a data folder of its own, and leaves nothing running.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { play } from "../ui/world/agent.mjs";
import { live } from "../ui/world/stories.mjs";
import { until } from "./desk.mjs";
import { handChecks } from "./hand.mjs";
import { close, ended, inWindow, place } from "./spot.mjs";
import { isAlive, openWindow, running } from "./window.mjs";

export const checks = {
  "a scripted agent's session appears in the window while it runs, and opening it shows its timeline": async (given) => {
    const spot = await place(given.desk, "live");
    await inWindow(given, spot, async (shown) => {
      await shown.shows("No session yet");
      const { proxy, pid } = await running(spot.data);
      await shown.shows(proxy.replace("http://", ""), "footer");
      const playing = play(live("attic"), proxy);
      await shown.shows("Tidy up the folder attic", "[data-testid=session-row]");
      await shown.click("[data-testid=session-row]");
      await shown.shows("open", "[data-testid=timeline-row]");
      await spot.release("live-attic-0");
      await shown.shows("count_files", "[data-testid=timeline-row]");
      await spot.release("live-attic-1");
      await playing;
      await shown.shows("blocked", "[data-testid=timeline-row][data-kind=model]");
      await until("all four rows are there", async () => (await shown.count("[data-testid=timeline-row]")) === 4);
      await shown.picture(join(given.pictures, "session.png"));
      await close(given.desk, pid);
    });
  },

  "a second start on the same data folder ends at once and leaves the first alone": async (given) => {
    const spot = await place(given.desk, "single");
    await inWindow(given, spot, async (shown) => {
      await shown.shows("No session yet");
      const first = await running(spot.data);
      const second = spawn(given.window, spot.args, { env: given.desk.env, stdio: "ignore" });
      const code = await new Promise((done) => {
        const late = setTimeout(() => second.kill("SIGKILL"), 15_000);
        second.once("exit", (status, signal) => { clearTimeout(late); done(status ?? signal); });
      });
      if (code !== 0) throw new Error(`the second start ended with ${code}`);
      if (!isAlive(first.pid)) throw new Error("the first window ended");
      const still = await running(spot.data);
      if (still.pid !== first.pid) throw new Error("another runtime lives in the folder");
      await shown.shows("No session yet");
    });
  },

  "a window attaches to a runtime that already lives, and that runtime survives it": async (given) => {
    const spot = await place(given.desk, "attach");
    const serve = given.desk.start(given.program, ["serve", ...spot.args], { env: given.desk.env });
    const { proxy, console: address, pid } = await running(spot.data);
    await inWindow(given, spot, async (shown) => {
      await shown.shows(proxy.replace("http://", ""), "footer");
      const playing = play(live("cellar"), proxy);
      await shown.shows("Tidy up the folder cellar", "[data-testid=session-row]");
      await spot.release("live-cellar-0");
      await spot.release("live-cellar-1");
      await playing;
      if ((await running(spot.data)).pid !== pid) throw new Error("the window runs a runtime of its own");
      await close(given.desk, await shown.pid());
    });
    if (!isAlive(pid)) throw new Error("the runtime ended with the window");
    const health = await fetch(`${address}/rpc/health`, { method: "POST", body: "{}" });
    if (health.status !== 401) throw new Error(`the console answers ${health.status} without a token`);
    serve.kill("SIGTERM");
    const code = await serve.ended;
    if (code !== 0) throw new Error(`serve ended with ${code}`);
  },

  "its size is kept from one start to the next": async (given) => {
    const spot = await place(given.desk, "size");
    const wanted = { width: 1111, height: 777 };
    const first = await openWindow(given.desk, given.window, spot.args);
    await first.shows("No session yet");
    await first.resize(wanted.width, wanted.height);
    const inner = () => first.run("return [innerWidth, innerHeight].join(' × ')");
    const size = await until("the window has the size", async () => {
      const now = await inner();
      return now.startsWith("11") && now;
    });
    await close(given.desk, await first.pid());
    await first.forget();
    await inWindow(given, spot, async (shown) => {
      await shown.shows("No session yet");
      const again = await shown.run("return [innerWidth, innerHeight].join(' × ')");
      if (again !== size) throw new Error(`it was ${size} and is ${again}`);
      await close(given.desk, await shown.pid());
    });
  },

  "SIGTERM ends it cleanly: what was recorded is there, the folder is free again": async (given) => {
    const spot = await place(given.desk, "signal");
    await inWindow(given, spot, async (shown) => {
      const { proxy, pid } = await running(spot.data);
      const playing = play(live("loft"), proxy);
      await shown.shows("Tidy up the folder loft", "[data-testid=session-row]");
      await spot.release("live-loft-0");
      await spot.release("live-loft-1");
      await playing;
      process.kill(pid, "SIGTERM");
      await ended(pid, "the window");
    });
    if (existsSync(join(spot.data, "runtime.json"))) throw new Error("runtime.json is left behind");
    const serve = given.desk.start(given.program, ["serve", ...spot.args], { env: given.desk.env });
    await running(spot.data);
    const list = given.desk.start(given.program, ["sessions", "--json", "--data", spot.data], { env: given.desk.env });
    let text = "";
    list.stdout.on("data", (chunk) => { text += chunk; });
    await list.ended;
    serve.kill("SIGTERM");
    await serve.ended;
    if (!text.includes("Tidy up the folder loft")) throw new Error(`the session is not in the record: ${text.slice(0, 300)}`);
  },
  ...handChecks,
};
