// How long each client can be held at most: as Switchtower holds, and with no byte at all, after and before the head. Writes
// `tests/clients/HELD.md`, by which a test of `domain` checks the table of patience that rules and held calls are judged by.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../run/machine.mjs";
import { script } from "./cases.mjs";
import { askFirst, HELD, later, named, startHeld } from "./held.mjs";
import { FINAL, startProvider } from "./provider.mjs";
import { startRuntime } from "./runtime.mjs";

/** After so long a client that still waits is let go: "over" that. */
const SECONDS = Number(process.env.SWITCHTOWER_HOLD_S || 720);
const FILE = join(root, "tests", "clients", "HELD.md");

/** How the runtime holds: as it does, at a tool call and before the model call, or as if it knew no keepalive. */
const MANNERS = {
  "heard at a call": { on: "tool.call", settings: "" },
  "heard before": { on: "model.request", settings: "" },
  "after the head": { on: "tool.call", settings: '[hold]\nheartbeat = "24h"\n' },
  "to the head": { on: "model.request", settings: '[hold]\nbefore_head = "24h"\n' },
};

/** One client, held until it leaves or the time is over; from then on a person approves whatever it is asked. */
async function hold(client, manner, runtime, packages) {
  const agent = named(manner.replaceAll(" ", "-"), client);
  const { asked, exit, said, state, kill } = await startHeld(client, agent, runtime, packages, SECONDS + 300);
  if (!asked) return { wrong: `it never asked: ${said.err.slice(-400)}` };
  const since = Date.now();
  const { held } = await runtime.rpc("get_session", { session: asked.session });
  const family = held[0]?.client ?? "unknown";
  const left = await leaves(asked, runtime, state, since + SECONDS * 1000);
  const seconds = Math.round((Date.now() - since) / 1000);
  const code = await approve(agent, runtime, state, exit);
  if (code === undefined) kill();
  const fine = code === 0 && said.out.includes(FINAL);
  const calls = await modelCalls(agent, runtime);
  return { family, left, seconds, fine, calls, wrong: left || fine ? "" : `approved after ${seconds} s it ended with ${code}: ${said.err.slice(-400)}` };
}

/** Approves the agent's questions until it ends, for 90 s at most. */
async function approve(agent, runtime, state, exit) {
  const end = Date.now() + 90_000;
  while (state.ended === undefined && Date.now() < end) {
    const { escalations } = await runtime.rpc("list_escalations", {});
    const open = escalations.filter((one) => one.agent === agent && ["pending", "orphaned"].includes(one.state));
    for (const { id } of open) await runtime.rpc("resolve_escalation", { escalation: id, decision: "approve" }).catch(() => undefined);
    await Promise.race([exit, later(300)]);
  }
  return state.ended;
}

/** The attempt of a retry that got the response of the held request: no call of the model. */
const KEPT = "the answer that was held for a person";

/** How often the model was called for the agent, side calls left out. */
async function modelCalls(agent, runtime) {
  const { sessions } = await runtime.rpc("list_sessions", { limit: 500 });
  let calls = 0;
  for (const session of sessions.filter((one) => one.agent === agent)) {
    const { rows } = await runtime.rpc("list_timeline", { session: session.id, from: 0, count: 200 });
    for (const row of rows.filter(({ kind, side_call }) => kind === "model" && !side_call)) {
      const { attempts } = await runtime.rpc("get_exchange", { exchange: row.exchange });
      calls += attempts.filter(({ why }) => why !== KEPT).length;
    }
  }
  return calls;
}

/** What the client did before the time was over, or nothing. */
async function leaves(asked, runtime, state, end) {
  while (Date.now() < end) {
    if (state.ended !== undefined) return `ended with ${state.ended}`;
    const [now] = (await runtime.rpc("list_escalations", { escalation: asked.id })).escalations;
    if (now.exchange !== asked.exchange) return "sent the request again";
    if (now.state !== "pending") return "closed the connection";
    await later(500);
  }
  return "";
}

const limit = ({ left, seconds }) => (left ? `${seconds} s` : `over ${Math.floor(SECONDS / 60)} min`);

/** What a client did that left, and whether the person's answer still reached it. */
function outcome({ left, fine, calls }) {
  if (!left) return `went on (${calls} model calls)`;
  return `${left}; ${fine ? "a later approval reached it" : "no approval reached it"} (${calls} model calls)`;
}

/** Holds all clients at once in all manners; true where everything could be measured. */
export async function measure(clients, { folder }, pythonVersions) {
  let first;
  const provider = await startProvider(script(() => first.folder));
  const runtimes = {};
  for (const [manner, { on, settings }] of Object.entries(MANNERS)) {
    runtimes[manner] = await startRuntime(provider.base, { policies: { "ask.toml": askFirst("24h", on) }, settings });
    first ??= runtimes[manner];
  }
  const rows = clients.map((client) => ({ client, version: version(client, folder, pythonVersions), measured: {} }));
  const under = [];
  for (const { client, measured } of rows) {
    for (const [manner, runtime] of Object.entries(runtimes)) {
      under.push(hold(client, manner, runtime, folder).then((ended) => {
        measured[manner] = ended;
        console.log(`${client.name.padEnd(28)} ${manner.padEnd(16)} ${ended.wrong || `${limit(ended).padEnd(12)} ${outcome(ended)}`}`);
      }));
      // One after the other: so many programs at once would be slow to ask.
      await later(4_000);
    }
  }
  await Promise.all(under);
  await Promise.all(Object.values(runtimes).map((runtime) => runtime.stop()));
  provider.stop();
  const whole = rows.every(({ measured }) => Object.values(measured).every(({ wrong }) => !wrong));
  // A shorter run, or one of fewer clients, says less than what stands there.
  if (whole && clients.length === HELD.length && !process.env.SWITCHTOWER_HOLD_S) writeFileSync(FILE, table(rows));
  console.log(`\n${table(rows)}`);
  return whole;
}

/** The package that a client comes in, and its installed version. */
const PACKAGES = {
  "Claude Code": "@anthropic-ai/claude-code", Codex: "@openai/codex", "Gemini CLI": "@google/gemini-cli", "OpenAI Agents SDK": "openai-agents",
  LangGraph: "langgraph", "Vercel AI SDK, OpenAI": "ai", "Vercel AI SDK, Anthropic": "ai",
};

function version(client, folder, pythonVersions) {
  const name = PACKAGES[client.name];
  const python = pythonVersions.match(new RegExp(`^${name}==(.*)$`, "m"));
  return python ? python[1] : JSON.parse(readFileSync(join(folder, name, "package.json"), "utf8")).version;
}

function table(rows) {
  const line = (cells) => `| ${cells.join(" | ")} |\n`;
  const cell = (ended) => ended.wrong || (ended.left ? `${limit(ended)}: ${outcome(ended)}` : limit(ended));
  const fields = ({ client, version, measured }) => {
    const manners = Object.keys(MANNERS).map((manner) => cell(measured[manner]));
    return [client.name, version, Object.values(measured).find(({ family }) => family)?.family ?? "?", ...manners];
  };
  return `# How long real clients can be held

Written by \`npm run test:holds -- limits\`: each client, unchanged, held for at most ${SECONDS} s, then approved. *Heard*: as Switchtower
holds, with the dialect's own no-op every 10 s. *Silent*: with no byte at all. A limit stands with what the client did there.

${line(["client", "version", "family", "heard, at a tool call", "heard, before the model call", "silent after the head", "silent to the head"])}${line(Array(7).fill("---"))}${rows.map((row) => line(fields(row))).join("")}`;
}
