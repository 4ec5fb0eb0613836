// `npm run test:rewind`: real clients, unchanged, run 40 steps against a scripted provider, then again with `switchtower run --from` the
// 37th: the record must answer every request before it, so that the provider hears nothing of them. Words choose clients by name.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cases } from "../clients/cases.mjs";
import { FINAL, startProvider, wires } from "../clients/provider.mjs";
import { startRuntime } from "../clients/runtime.mjs";
import { startClient } from "../clients/started.mjs";
import { chosen, command, installClients, Tally } from "./real.mjs";

const STEPS = 40;
const FROM = 37;
const CLIENTS = ["Claude Code", "Codex", "opencode", "OpenAI Agents SDK", "LangGraph"];

/** A call of the tool that the client has, another one each time, until there are enough results. */
const script = (folder) => (names, _, results) => {
  if (results >= STEPS) return null;
  const has = (name) => names.includes(name);
  const name = `step-${results}.txt`;
  const file = join(folder(), "work", name);
  if (has("Read")) return [{ name: "Read", arguments: { file_path: file } }];
  if (has("exec_command")) return [{ name: "exec_command", arguments: { cmd: `cat ${name}` } }];
  if (has("shell_command")) return [{ name: "shell_command", arguments: { command: `cat ${name}` } }];
  if (has("shell")) return [{ name: "shell", arguments: { command: ["cat", name] } }];
  if (has("read_file")) return [{ name: "read_file", arguments: { file_path: file } }];
  if (has("read")) return [{ name: "read", arguments: { filePath: file } }];
  return [{ name: names[0], arguments: { city: `City ${results}` } }];
};

/** Runs a client to its end; what it said, and what the provider heard of it: model calls only. */
async function run(client, runtime, packages, provider, more = []) {
  const seen = provider.received.length;
  const { said, exit } = startClient(client, { runtime, packages, more });
  const ended = await exit;
  const calls = provider.received.slice(seen).filter(({ url, body }) => body && Object.values(wires).some(({ suffix }) => suffix.test(url.split("?")[0])));
  return { ...said, exit: ended, calls };
}

const results = (call) => Object.values(wires).find(({ suffix }) => suffix.test(call.url.split("?")[0])).results(call.body);

async function newest(runtime, before) {
  const { sessions } = await runtime.rpc("list_sessions", { limit: 200 });
  return sessions.filter((session) => !before.has(session.id));
}

async function judge(client, runtime, packages, provider) {
  const wrong = [];
  const check = (holds, what) => { if (!holds) wrong.push(what); };
  client.prepare?.(join(runtime.folder, "home"));
  const before = new Set((await newest(runtime, new Set())).map(({ id }) => id));
  const first = await run(client, runtime, packages, provider);
  if (first.exit !== 0 || !first.out.includes(FINAL)) return [`the recorded run ended with ${first.exit}: ${first.err.slice(-400)} ${first.out.slice(-200)}`];
  const recorded = (await newest(runtime, before)).filter(({ parent }) => parent === null);
  if (recorded.length !== 1) return [`${recorded.length} recorded sessions`];
  const { rows } = await runtime.rpc("list_timeline", { session: recorded[0].id, from: 0, count: 400 });
  const turns = rows.filter((row) => row.kind === "model" && !row.side_call);
  check(turns.length === STEPS + 1, `${turns.length} recorded turns`);
  const again = await run(client, runtime, packages, provider, ["--from", turns[FROM].exchange]);
  check(again.exit === 0 && again.out.includes(FINAL), `rewound it ended with ${again.exit}: ${again.err.slice(-400)}`);
  check(again.calls.length === STEPS + 1 - FROM, `${again.calls.length} model calls upstream, not ${STEPS + 1 - FROM}`);
  check(again.calls.every((call) => results(call) >= FROM), `upstream heard of step ${Math.min(...again.calls.map(results))}`);
  const rewound = /rewinding \S+ as (ses_\w+):/.exec(again.err)?.[1];
  const { rewind } = await runtime.rpc("get_session", { session: rewound });
  check(rewind?.served === FROM && rewind?.live?.why === "asked", `served ${rewind?.served}, ${JSON.stringify(rewind?.live?.why)}`);
  for (const { place, recorded: was, now } of rewind?.live?.differences ?? []) wrong.push(`${place} differs:\n- ${JSON.stringify(was)}\n+ ${JSON.stringify(now)}`);
  if (process.env.VERBOSE) console.log(again.err.split("\n").filter((line) => line.startsWith("switchtower:")).join("\n"));
  return wrong;
}

await command(async (words) => {
  const { python, node } = installClients();
  let runtime;
  const provider = await startProvider(script(() => runtime.folder));
  runtime = await startRuntime(provider.base, { policies: {} });
  mkdirSync(join(runtime.folder, "work"), { recursive: true });
  for (let step = 0; step < STEPS; step += 1) writeFileSync(join(runtime.folder, "work", `step-${step}.txt`), `This is step ${step}.\n`);
  const tally = new Tally();
  for (const client of cases(python, node).filter(({ name }) => CLIENTS.includes(name) && chosen(name, words))) {
    tally.add(client.name.padEnd(28), await judge(client, runtime, node.folder, provider));
  }
  await runtime.stop();
  provider.stop();
  return tally;
});
