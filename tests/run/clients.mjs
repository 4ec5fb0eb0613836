// `npm run test:clients`: real clients, unchanged, through `switchtower run` against a scripted provider. Each must show as ONE session
// with its tool calls and results while it runs, and end as it would without us. First, `npm run test:clients -- cells` alone: what agents got in
// the scenario tests, read again by the vendors' SDKs; further words choose tests. `-- llmock`: retries, as a provider judges them;
// `-- retries`: retries beside those of the vendor's SDKs.
import { join } from "node:path";
import { cases, script } from "../clients/cases.mjs";
import { emptyFolder, judgeCells } from "../clients/cells.mjs";
import { conversation, differences, expected } from "../clients/conversation.mjs";
import { sdkEnvironments } from "../clients/environments.mjs";
import { judgeRetries } from "../clients/llmock.mjs";
import { FINAL, startProvider } from "../clients/provider.mjs";
import { addUp } from "../clients/retries.mjs";
import { startRuntime } from "../clients/runtime.mjs";
import { startClient } from "../clients/started.mjs";
import { Missing } from "./machine.mjs";
import { chosen, command, installClients, Tally } from "./real.mjs";
import { run as runs } from "./steps.mjs";

/** Runs one client and watches the console while it does. */
async function run(client, runtime, packages, provider) {
  const seen = provider.received.length;
  client.prepare?.(join(runtime.folder, "home"));
  const before = new Set((await runtime.rpc("list_sessions", { limit: 500 })).sessions.map((session) => session.id));
  const { said, exit } = startClient(client, { runtime, packages, agent: client.agent, seconds: 120 });
  let ended;
  exit.then((code) => { ended = code; });
  let live = 0;
  const fresh = async () => (await runtime.rpc("list_sessions", { limit: 500 })).sessions.filter((session) => !before.has(session.id));
  while (ended === undefined) {
    const sessions = await fresh();
    // Asked after the answer came: a session that is only seen once its client has ended was not seen live.
    if (ended === undefined) live = Math.max(live, ...sessions.map((session) => session.steps));
    await new Promise((later) => setTimeout(later, 20));
  }
  return { ...said, exit: ended, live, sessions: await fresh(), received: provider.received.slice(seen) };
}

/** Everything that is wrong with a run; empty where it is right. */
async function judge(client, ran, runtime) {
  const wrong = [];
  const check = (holds, what) => { if (!holds) wrong.push(what); };
  check(ran.exit === 0, `it ended with ${ran.exit}: ${ran.err.slice(-800)}`);
  check(ran.sessions.length === 1, `${ran.sessions.length} sessions: ${JSON.stringify(ran.sessions.map((session) => [session.agent, session.title]))}`);
  check(ran.live >= 1, "its session was not there while it ran");
  if (ran.sessions.length !== 1) return wrong;
  const { rows } = await runtime.rpc("list_timeline", { session: ran.sessions[0].id, from: 0, count: 200 });
  const models = rows.filter((row) => row.kind === "model");
  const tools = rows.filter((row) => row.kind === "tool");
  if (client.sdk) {
    const acts = (await runtime.rpc("list_interventions", { session: ran.sessions[0].id })).interventions;
    return [...wrong, ...judgeSdk(client.sdk, ran, models, tools, acts)];
  }
  check(ran.out.includes(FINAL), `the final answer did not reach it: ${ran.out.slice(-400)}`);
  check(models.every((row) => row.state === "complete"), `states ${models.map((row) => row.state)}`);
  check(models.every((row) => row.input_tokens === 120 || row.input_tokens === 184), `tokens ${models.map((row) => row.input_tokens)}`);
  const side = models.filter((row) => row.side_call).length;
  check(side === (client.sideCalls ? models.length - 2 : 0) && models.length - side === 2, `${side} side calls of ${models.length} model calls`);
  const named = tools.filter((row) => (client.tool.test ? client.tool.test(row.name) : row.name === client.tool));
  check(named.length === 1 && tools.length === 1, `tool calls ${tools.map((row) => row.name)}`);
  check(named.every((row) => row.state !== "open" && row.duration_ms !== null), "its result is not linked");
  return wrong;
}

const WEATHER = ["get_weather"];
const BOTH = ["get_weather", "delete_file"];
/** What an SDK must have accumulated, answer by answer, and the interventions that led there. */
const OUTCOMES = {
  untouched: { calls: [BOTH, []], end: FINAL, acts: [] },
  blocked: { calls: [WEATHER, []], end: FINAL, acts: ["block"] },
  alone: { calls: [[]], end: FINAL, acts: ["block"] },
  errors: { calls: [WEATHER, WEATHER, WEATHER, WEATHER, []], end: FINAL, acts: ["inject"] },
  budget: { calls: [BOTH, []], end: "rule spent", acts: ["block"] },
};

function judgeSdk({ wire, scenario, question }, ran, models, tools, acts) {
  const wrong = [];
  const check = (holds, what) => { if (!holds) wrong.push(what); };
  if (scenario === "broken") return judgeBroken(wire, question, ran, models);
  const wanted = OUTCOMES[scenario];
  const answers = ran.out.trim().split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  check(same(answers.map(({ calls }) => calls), wanted.calls), `it accumulated ${JSON.stringify(answers)}`);
  check(answers.at(-1)?.text.includes(wanted.end), `its last answer is ${JSON.stringify(answers.at(-1))}`);
  check(same(acts.map(({ action }) => action), wanted.acts), `interventions ${JSON.stringify(acts.map(({ action, summary }) => [action, summary]))}`);
  const states = wanted.calls.map((_, place) => (scenario === "budget" && place === 1 ? "answered" : "complete"));
  check(same(models.map(({ state }) => state), states), `states ${models.map(({ state }) => state)}`);
  // Two rounds within one answer add up.
  const one = wire === "anthropic" ? 184 : 120;
  const tokens = states.map((state) => (state === "answered" ? 0 : scenario === "alone" ? 2 * one : one));
  check(same(models.map((row) => row.input_tokens), tokens), `tokens ${models.map((row) => row.input_tokens)}`);
  const blocked = scenario === "blocked" || scenario === "alone";
  const proposed = wanted.calls.flat().length + (blocked ? 1 : 0);
  check(tools.length === proposed, `${tools.length} tool calls in the timeline`);
  check(tools.filter(({ state }) => state === "blocked").length === (blocked ? 1 : 0), `tool calls ${tools.map(({ state }) => state)}`);
  const open = tools.filter(({ state }) => state === "open").length;
  // Refused together with the request that brought them, results have come all the same.
  check(open === 0, `${open} results are not linked`);
  const said = ran.received.filter(({ body }) => body).map(({ body }) => conversation(wire, body));
  return [...wrong, ...differences(said, expected(scenario, question))];
}

/** What broke off is an error to the SDK, never an answer, and it was asked for once. */
function judgeBroken(wire, question, ran, models) {
  const wrong = [];
  const check = (holds, what) => { if (!holds) wrong.push(what); };
  const lines = ran.out.trim().split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  check(lines.length === 1 && lines[0].error, `it told ${JSON.stringify(lines)}`);
  check(models.length === 1 && models[0].state === "failed", `states ${models.map(({ state }) => state)}`);
  const said = ran.received.filter(({ body }) => body).map(({ body }) => conversation(wire, body));
  if (process.env.VERBOSE) console.log(lines[0]?.error);
  return [...wrong, ...differences(said, expected("broken", question))];
}

/** Runs the scenario tests (all, or those named), keeps what their agents got, and has the vendors' SDKs read it. */
async function cells(tests) {
  const chosen = tests.flatMap((test) => ["--test", test]);
  const env = { SWITCHTOWER_CELLS: emptyFolder() };
  const { ok, output } = await runs("cargo", ["test", "--locked", "-p", "switchtower-tests", "--no-fail-fast", ...chosen], { env });
  if (!ok) throw new Missing(`The scenario tests fail:\n${output.split("\n").slice(-60).join("\n")}`);
  console.log("Installing SDKs …");
  const { judged, failures } = await judgeCells(sdkEnvironments());
  for (const failure of failures) console.log(`✗  ${failure}`);
  return { passed: judged - failures.length, failed: failures.length };
}

/** Runs the clients whose names have all the words. */
async function clients(words) {
  const { python, node } = installClients();
  let runtime;
  const provider = await startProvider(script(() => runtime.folder));
  runtime = await startRuntime(provider.base);
  const tally = new Tally();
  for (const client of cases(python, node).filter(({ name }) => chosen(name, words))) {
    const ran = await run(client, runtime, node.folder, provider);
    tally.add(client.name.padEnd(52), await judge(client, ran, runtime));
  }
  await runtime.stop();
  provider.stop();
  return tally;
}

await command(async ([first, ...rest]) => {
  const parts = [];
  if (first === undefined || first === "cells") parts.push(await cells(rest));
  if (first === undefined || first === "llmock") parts.push(await judgeRetries());
  if (first === undefined || first === "retries") parts.push(await addUp());
  if (!["cells", "llmock", "retries"].includes(first)) parts.push(await clients([first, ...rest].filter(Boolean)));
  const sum = (name) => parts.reduce((all, part) => all + part[name], 0);
  return { passed: sum("passed"), failed: sum("failed") };
});
