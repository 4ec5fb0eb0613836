// `npm run test:holds`: real clients, unchanged, held at a tool call for `SWITCHTOWER_HOLD_S` seconds (90 unless set), then approved, edited
// and denied. None may time out or make a second model call; what the next request says is asserted. Prints how long each was held.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cases, script } from "../clients/cases.mjs";
import { nodeEnvironment, pythonEnvironment } from "../clients/environments.mjs";
import { FINAL, startProvider } from "../clients/provider.mjs";
import { startRuntime } from "../clients/runtime.mjs";
import { buildCli } from "./build.mjs";
import { built, Missing, requireCargo } from "./machine.mjs";

const SECONDS = Number(process.env.SWITCHTOWER_HOLD_S || 90);
const CLIENTS = ["Claude Code", "Codex", "Gemini CLI", "OpenAI Agents SDK", "LangGraph", "Vercel AI SDK, OpenAI", "Vercel AI SDK, Anthropic"];
const DECISIONS = ["approve", "edit", "deny"];
const REASON = "Not while I am looking.";
const KEYS = {
  ANTHROPIC_API_KEY: "sk-ant-fake-00000000000000000000",
  OPENAI_API_KEY: "sk-fake-000000000000000000000000",
  GEMINI_API_KEY: "AIzaFAKE0000000000000000000000000000000",
};
const POLICY = `version = 1
name = "ask"
[[rule]]
id = "ask-first"
on = "tool.call"
do = [{ escalate = { timeout = "10m" } }]
`;

const later = (ms) => new Promise((done) => setTimeout(done, ms));

/** A person's other arguments: another file, another city. */
const edited = (text) => text.replaceAll("hello.txt", "other.txt").replaceAll("Paris", "Rome");

async function hold(client, decision, runtime, packages) {
  const agent = `${decision}-${client.name.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`;
  const home = mkdtempSync(join(tmpdir(), "switchtower-hold-"));
  mkdirSync(join(home, "home"));
  client.prepare?.(join(home, "home"));
  const env = { PATH: process.env.PATH, HOME: join(home, "home"), PACKAGES: packages, OPENAI_AGENTS_DISABLE_TRACING: "1", ...KEYS };
  const child = spawn(built("switchtower"), ["run", ...runtime.places, "--agent", agent, "--", ...client.command], {
    cwd: join(runtime.folder, "work"), env, stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => { said.out += text; });
  child.stderr.setEncoding("utf8").on("data", (text) => { said.err += text; });
  const exit = new Promise((ended) => child.once("exit", (code, signal) => ended(code ?? signal)));
  const late = setTimeout(() => child.kill("SIGKILL"), (SECONDS + 180) * 1000);
  const wrong = [];
  const check = (holds, what) => { if (!holds) wrong.push(what); };
  const asked = await question(runtime, agent, exit);
  if (!asked) {
    clearTimeout(late);
    return { wrong: [`it never asked: ${said.err.slice(-400)} ${said.out.slice(-200)}`] };
  }
  const since = Date.now();
  await later(SECONDS * 1000);
  const still = (await runtime.rpc("list_escalations", { escalation: asked.id })).escalations[0];
  check(still.state === "pending", `after ${SECONDS} s it is ${still.state}`);
  check(still.exchange === asked.exchange, "another request took its place: it timed out");
  const answer = { escalation: asked.id, decision };
  if (decision === "edit") answer.edit = edited(asked.arguments);
  if (decision === "deny") answer.reason = REASON;
  await runtime.rpc("resolve_escalation", answer).catch((error) => wrong.push(String(error)));
  const held = Math.round((Date.now() - since) / 1000);
  const code = await exit;
  clearTimeout(late);
  check(code === 0, `it ended with ${code}: ${said.err.slice(-400)}`);
  check(said.out.includes(FINAL), `the final answer did not reach it: ${said.out.slice(-300)}`);
  wrong.push(...(await record(runtime, asked, decision)));
  return { wrong, held };
}

/** The agent's first question, or nothing once it has ended. */
async function question(runtime, agent, exit) {
  let ended = false;
  exit.then(() => { ended = true; });
  while (!ended) {
    const { escalations } = await runtime.rpc("list_escalations", { state: "pending" });
    const mine = escalations.find((one) => one.agent === agent);
    if (mine) return mine;
    await later(200);
  }
  return null;
}

/** What of the session's record is wrong: model calls beside those that were needed, or a next request that does not say what was decided. */
async function record(runtime, asked, decision) {
  const wrong = [];
  const { rows } = await runtime.rpc("list_timeline", { session: asked.session, from: 0, count: 200 });
  const models = rows.filter((row) => row.kind === "model" && !row.side_call);
  const wanted = decision === "deny" ? 1 : 2;
  if (models.length !== wanted) wrong.push(`${models.length} requests, not ${wanted}`);
  const first = await runtime.rpc("get_exchange", { exchange: asked.exchange });
  const calls = decision === "deny" ? 2 : 1;
  if (first.attempts.length !== calls) wrong.push(`${first.attempts.length} model calls for the held request, not ${calls}`);
  if (decision === "deny") return wrong;
  const next = await runtime.rpc("get_exchange", { exchange: models.at(-1).exchange });
  const sent = await whole(runtime, next.sent_request);
  const told = sent.includes("a person changed the arguments");
  if (told !== (decision === "edit")) wrong.push(`the next request ${told ? "says" : "does not say"} that the call was edited`);
  if (decision === "edit" && !/other\.txt|Rome/.test(sent)) wrong.push("the next request does not name the edit");
  return wrong;
}

async function whole(runtime, side) {
  if (typeof side.body === "string") return side.body;
  let text = "";
  for (let offset = 0; ; ) {
    const piece = await runtime.rpc("get_blob", { ref: side.body_ref.ref ?? side.body_ref, offset, length: 1 << 20 });
    text += piece.text;
    if (piece.next === null || piece.next === undefined) return text;
    offset = piece.next;
  }
}

try {
  requireCargo();
  if (!process.env.SWITCHTOWER_BUILT) {
    const { ok, output } = await buildCli();
    if (!ok) throw new Missing(output);
  }
  console.log("Installing clients …");
  const { python } = pythonEnvironment();
  const node = nodeEnvironment();
  let runtime;
  const provider = await startProvider(script(() => runtime.folder));
  runtime = await startRuntime(provider.base, { policies: { "ask.toml": POLICY } });
  writeFileSync(join(runtime.folder, "work", "other.txt"), "another\n");
  const wanted = process.argv.slice(2);
  const held = cases(python, node).filter(({ name }) => CLIENTS.includes(name) && wanted.every((word) => name.toLowerCase().includes(word.toLowerCase())));
  console.log(`Holding ${held.length} clients for ${SECONDS} s, three decisions each …`);
  let failed = 0;
  let passed = 0;
  for (const decision of DECISIONS) {
    const row = await Promise.all(held.map(async (client) => ({ client, ...(await hold(client, decision, runtime, node.folder)) })));
    for (const { client, wrong, held } of row) {
      wrong.length ? failed++ : passed++;
      console.log(`${wrong.length ? "✗" : "✓"}  ${client.name.padEnd(28)} ${decision.padEnd(8)} held ${String(held ?? "–").padStart(4)} s  ${wrong.join("\n     ")}`);
    }
  }
  await runtime.stop();
  provider.stop();
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
} catch (error) {
  if (!(error instanceof Missing)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
