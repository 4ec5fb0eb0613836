// `npm start`: the main job from a fresh clone. Opens the window; without a display it serves the web console.
import { spawn } from "node:child_process";
import { buildCli, buildUi, buildWindow, installPackages } from "./build.mjs";
import { built, hasDisplay, Missing, requireCargo, requireSystem, root } from "./machine.mjs";

const say = (text) => process.stderr.write(`${text}\n`);

async function prepare(name, work) {
  say(`${name} …`);
  const { ok, output } = await work();
  if (!ok) throw new Missing(`${name} failed:\n${output}`);
}

/** Runs a program in this terminal; it gets our signals and its exit code is ours. */
function become(program, args, stdio) {
  const child = spawn(program, args, { cwd: root, stdio, env: process.env });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code) => { process.exitCode = code ?? 1; });
  return child;
}

/** Says the console's address in words once `serve` has printed its line. */
function announce(child) {
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (more) => {
    text += more;
    process.stdout.write(more);
    const end = text.indexOf("\n");
    if (end < 0) return;
    child.stdout.removeAllListeners("data").on("data", (rest) => process.stdout.write(rest));
    const ready = JSON.parse(text.slice(0, end));
    say(`\nSwitchtower runs.\n  Console:          ${ready.console}/?token=${ready.token}`);
    say(`  Agents' base URL: ${ready.proxy}/v1 (OpenAI)  ·  ${ready.proxy} (Anthropic, Gemini, Ollama)`);
  });
}

try {
  const window = hasDisplay();
  requireCargo();
  requireSystem("compiler", ...(window && process.platform === "linux" ? ["window"] : []));
  await prepare("Installing packages", installPackages);
  await prepare("Building the interface", buildUi);
  await prepare("Building Switchtower (the first time takes some minutes)", window ? buildWindow : buildCli);
  if (window) become(built("switchtower-window"), process.argv.slice(2), "inherit");
  else announce(become(built("switchtower"), ["serve", ...process.argv.slice(2)], ["inherit", "pipe", "inherit"]));
} catch (error) {
  if (!(error instanceof Missing)) throw error;
  say(error.message);
  process.exitCode = 1;
}
