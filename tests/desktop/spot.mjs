// Where a check of the real window takes place: a data folder of its own, a provider that only it uses, and the window on them.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startStories } from "../ui/world/provider.mjs";
import { find } from "../ui/world/stories.mjs";
import { until } from "./desk.mjs";
import { askToClose } from "./screen.mjs";
import { isAlive, openWindow } from "./window.mjs";

const NO_DELETES = `version = 1
name = "no-deletes"
[[rule]]
id = "no-deleting"
on = "tool.call"
when = "tool.name == 'delete_file'"
do = [{ block = { text = "Deleting needs a person." } }]
`;

/** A data folder, policies, and a provider. */
export async function place(desk, name, { policies: written = { "no-deletes.toml": NO_DELETES }, settings = "" } = {}) {
  const provider = await startStories(find);
  const data = join(desk.folder, name);
  const policies = join(desk.folder, `${name}-policies`);
  const config = join(desk.folder, `${name}.toml`);
  mkdirSync(policies);
  for (const [file, source] of Object.entries(written)) writeFileSync(join(policies, file), source);
  writeFileSync(config, `[providers.openai]\ndialect = "openai"\nbase_url = "${provider.base}/v1"\n${settings}`);
  const ports = ["--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"];
  const release = (word) => fetch(`${provider.base}/release/${word}`, { method: "POST" });
  return { provider, data, release, args: [...ports, "--data", data, "--config", config, "--policies", policies] };
}

/** Opens a window there, and ends whatever is left of it when `work` is done. */
export async function inWindow({ desk, window }, spot, work) {
  const shown = await openWindow(desk, window, spot.args);
  try {
    return await work(shown);
  } finally {
    await shown.forget();
    spot.provider.stop();
  }
}

/** Closes the window of a process as a person does, and waits for the process to end. */
export async function close(desk, pid) {
  await askToClose(desk.env.DISPLAY, pid);
  await ended(pid, "the window's process");
}

export const ended = (pid, what) => until(`${what} (process ${pid}) ends`, async () => !isAlive(pid));
