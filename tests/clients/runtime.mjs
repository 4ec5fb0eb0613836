// A runtime of its own: the real `switchtower serve` on free ports, and its RPC.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { built } from "../run/machine.mjs";

/** The three rules, each for agents of its name. */
const RULES = {
  blocked: `[[rule]]
id   = "no-deletes"
on   = "tool.call"
when = "tool.name == 'delete_file'"
do   = [{ block = { text = "Deleting is not allowed here." } }]
`,
  errors: "max_tool_errors = 2\n",
  budget: `[[rule]]
id   = "spent"
on   = "model.request"
when = "session.tokens >= 50"
do   = ["block"]
`,
};
const named = ([name, rules]) => [`${name}.toml`, `version = 1\nname = "${name}"\nagents = ["${name}-*"]\n${rules}`];
const POLICIES = Object.fromEntries(Object.entries(RULES).map(named));

export async function startRuntime(provider, { policies = POLICIES, ui, after, settings = "" } = {}) {
  const folder = after?.folder ?? mkdtempSync(join(tmpdir(), "switchtower-runtime-"));
  for (const name of ["config", "policies", "home", "work"]) mkdirSync(join(folder, name), { recursive: true });
  const providers = [["openai", "/v1"], ["anthropic", ""], ["gemini", ""]];
  const toml = providers.map(([name, path]) => `[providers.${name}]\ndialect = "${name}"\nbase_url = "${provider}${path}"\n`);
  const config = join(folder, "config", "switchtower.toml");
  writeFileSync(config, [...toml, settings].join("\n"));
  for (const [name, source] of Object.entries(policies)) writeFileSync(join(folder, "policies", name), source);
  writeFileSync(join(folder, "work", "hello.txt"), "hello\n");
  const places = ["--data", join(folder, "data"), "--config", config];
  const child = spawn(
    built("switchtower"),
    ["serve", "--listen", listen(after?.proxy), "--console", listen(after?.console), "--policies", join(folder, "policies"), ...places, ...(ui ? ["--ui", ui] : [])],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const line = await new Promise((ready, failed) => {
    createInterface(child.stdout).once("line", ready);
    child.once("exit", (code) => failed(new Error(`switchtower serve ended with ${code}`)));
  });
  const { console: address, proxy, token } = JSON.parse(line);
  const rpc = async (name, args = {}) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const response = await fetch(`${address}/rpc/${name}`, { method: "POST", headers, body: JSON.stringify(args) });
    const value = await response.json();
    if (!response.ok) throw new Error(`${name}: ${JSON.stringify(value)}`);
    return value;
  };
  const stop = (signal = "SIGTERM") => {
    if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
    return new Promise((ended) => child.once("exit", ended).kill(signal));
  };
  return { folder, places, proxy, console: address, token, pid: child.pid, rpc, stop };
}

const listen = (address) => (address ? new URL(address).host : "127.0.0.1:0");
