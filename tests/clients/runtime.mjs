// A runtime of its own for the clients: the real `switchtower serve` on free ports, and its RPC.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { built } from "../run/machine.mjs";

const POLICY = `version = 1
name    = "blocked"
agents  = ["blocked-*"]
[[rule]]
id   = "no-deletes"
on   = "tool.call"
when = "tool.name == 'delete_file'"
do   = [{ block = { text = "Deleting is not allowed here." } }]
`;

export async function startRuntime(provider) {
  const folder = mkdtempSync(join(tmpdir(), "switchtower-clients-"));
  for (const name of ["config", "policies", "home", "work"]) mkdirSync(join(folder, name));
  const providers = [["openai", "/v1"], ["anthropic", ""], ["gemini", ""]];
  const toml = providers.map(([name, path]) => `[providers.${name}]\ndialect = "${name}"\nbase_url = "${provider}${path}"\n`);
  const config = join(folder, "config", "switchtower.toml");
  writeFileSync(config, toml.join("\n"));
  writeFileSync(join(folder, "policies", "blocked.toml"), POLICY);
  writeFileSync(join(folder, "work", "hello.txt"), "hello\n");
  const places = ["--data", join(folder, "data"), "--config", config];
  const child = spawn(
    built("switchtower"),
    ["serve", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0", "--policies", join(folder, "policies"), ...places],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const line = await new Promise((ready, failed) => {
    createInterface(child.stdout).once("line", ready);
    child.once("exit", (code) => failed(new Error(`switchtower serve ended with ${code}`)));
  });
  const { console: address, token } = JSON.parse(line);
  const rpc = async (name, args = {}) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const response = await fetch(`${address}/rpc/${name}`, { method: "POST", headers, body: JSON.stringify(args) });
    const value = await response.json();
    if (!response.ok) throw new Error(`${name}: ${JSON.stringify(value)}`);
    return value;
  };
  const stop = () => new Promise((ended) => child.once("exit", ended).kill("SIGTERM"));
  return { folder, places, rpc, stop };
}
