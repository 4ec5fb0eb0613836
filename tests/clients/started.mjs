// A real client, unchanged, started through `switchtower run` with keys that are nobody's.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { built } from "../run/machine.mjs";

const KEYS = {
  ANTHROPIC_API_KEY: "sk-ant-fake-00000000000000000000",
  OPENAI_API_KEY: "sk-fake-000000000000000000000000",
  GEMINI_API_KEY: "AIzaFAKE0000000000000000000000000000000",
};

/**
 * Starts `client.command`. `exit` resolves to its exit code or signal, `said` fills up with what it writes; after `seconds` it is killed.
 * `agent` labels it, `more` are further arguments of `switchtower run`, `home` is its home folder where it is not the runtime's.
 */
export function startClient(client, { runtime, packages, agent, more = [], home = join(runtime.folder, "home"), seconds = 240 }) {
  const label = agent ? ["--agent", agent] : [];
  // The Agents SDK would send traces with the user's key to its vendor; there is no vendor here.
  const env = { PATH: process.env.PATH, HOME: home, PACKAGES: packages, OPENAI_AGENTS_DISABLE_TRACING: "1", ...KEYS, ...client.env };
  const child = spawn(built("switchtower"), ["run", ...runtime.places, ...label, ...more, "--", ...client.command], {
    cwd: join(runtime.folder, "work"), env, stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => { said.out += text; });
  child.stderr.setEncoding("utf8").on("data", (text) => { said.err += text; });
  const kill = () => child.kill("SIGKILL");
  const late = setTimeout(kill, seconds * 1000);
  const exit = new Promise((ended) => child.once("exit", (code, signal) => {
    clearTimeout(late);
    ended(code ?? signal);
  }));
  return { said, exit, kill };
}
