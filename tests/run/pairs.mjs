// `npm run test:pairs`: the founding pairs of observation and action, with real clients, unchanged, against a scripted model, a scripted classifier and
// somebody who hears alerts. Words choose pairs and clients.
import { mkdirSync, mkdtempSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JUDGES, policies, script } from "../clients/pairs.mjs";
import { startProvider } from "../clients/provider.mjs";
import { startRuntime } from "../clients/runtime.mjs";
import { startClient } from "../clients/started.mjs";
import { Missing, root } from "./machine.mjs";
import { chosen, command, installClients, Tally } from "./real.mjs";

/** What each client is started with to be asked something. */
const clients = (python, node) => [
  { name: "Claude Code", command: (question) => [node.program("claude"), "--model", "claude-sonnet-4-5", "-p", question], env: { DISABLE_AUTO_COMPACT: "1" } },
  {
    name: "Codex",
    // Its own compacting would come first.
    command: (question) => [
      node.program("codex"), "exec", "--skip-git-repo-check", "-m", "gpt-5.1-codex", "-c", "model_auto_compact_token_limit=10000000",
      "-c", "model_context_window=400000", "--sandbox", "danger-full-access", question,
    ],
  },
  { name: "LangGraph", command: (question) => [python, join(root, "tests", "clients", "programs", "langgraph_agent.py"), question] },
];

/** Answers every POST with what `reply` makes of it, and keeps what came. */
async function listener(reply) {
  const heard = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk)).on("end", () => {
      const body = JSON.parse(Buffer.concat(chunks).toString() || "null");
      heard.push(body);
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(reply(body)));
    });
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { url: `http://127.0.0.1:${server.address().port}/`, heard, stop: () => server.close() };
}

async function drive(pair, client, world) {
  const { runtime, provider, packages, hook } = world;
  const [seen, alerted] = [provider.received.length, hook.heard.length];
  const agent = `${pair}-${client.name.toLowerCase().replaceAll(" ", "-")}`;
  const home = join(mkdtempSync(join(tmpdir(), "switchtower-pairs-")), "home");
  mkdirSync(home);
  const question = `Read hello.txt and tell me what it says. This pair: ${pair} with ${client.name}.`;
  const run = { command: client.command(question), env: client.env };
  const { said, exit } = startClient(run, { runtime, packages, agent, home });
  const ended = await exit;
  const ran = { ...said, exit: ended };
  const sessions = (await runtime.rpc("list_sessions", { limit: 500 })).sessions.filter((session) => session.agent === agent);
  if (sessions.length !== 1) return [`${sessions.length} sessions; exit ${ran.exit}: ${ran.err.slice(-600)}`];
  const [session] = sessions;
  const acts = await all(runtime, "list_interventions", "interventions", { session: session.id });
  const rows = await all(runtime, "list_timeline", "rows", { session: session.id });
  const received = provider.received.slice(seen).filter(({ body }) => body);
  // Requests with tools are the agent's turns; titles and the runtime's own questions have none.
  const turns = received.filter(({ body }) => (body.tools ?? []).length > 0);
  const judged = { turns, received, acts, ran, session, alerts: hook.heard.slice(alerted), tools: rows.filter(({ kind }) => kind === "tool") };
  const wrong = ran.exit === 0 ? [] : [`it ended with ${ran.exit}: ${ran.err.slice(-600)}`];
  return [...wrong, ...JUDGES[pair](judged), ...(await explained(runtime, acts))];
}

/** Pages of a list, put together. */
async function all(runtime, name, field, args) {
  if (name === "list_timeline") {
    const { total } = await runtime.rpc(name, { ...args, from: 0, count: 1 });
    const rows = [];
    while (rows.length < total) rows.push(...(await runtime.rpc(name, { ...args, from: rows.length, count: 200 }))[field]);
    return rows;
  }
  const items = [];
  for (let cursor; ; ) {
    const page = await runtime.rpc(name, { ...args, cursor });
    items.push(...page[field]);
    if (!page.next) return items;
    cursor = page.next;
  }
}

/** Each intervention of a rule must be explained by a verdict of its exchange, with the values that it read. */
async function explained(runtime, acts) {
  const wrong = [];
  const read = new Map();
  for (const act of acts.filter(({ cause, rule }) => cause === "rule" && rule)) {
    if (!read.has(act.exchange)) read.set(act.exchange, (await runtime.rpc("get_exchange", { exchange: act.exchange })).verdicts);
    const verdict = read.get(act.exchange).find((one) => one.rule === act.rule && one.matched);
    if (!verdict) wrong.push(`no verdict explains ${act.action} of ${act.rule}`);
  }
  return wrong;
}

await command(async (words) => {
  const { python, node } = installClients();
  const classifier = await listener(({ text }) => ({ score: /UNSAFE/.test(text) ? 0.97 : 0.01 }));
  const hook = await listener(() => ({ ok: true }));
  let runtime;
  const provider = await startProvider(script(() => runtime.folder));
  runtime = await startRuntime(provider.base, { policies: policies({ classifier: classifier.url, hook: hook.url }) });
  const broken = (await runtime.rpc("health")).policies.filter(({ error }) => error);
  if (broken.length > 0) throw new Missing(`These policies are broken: ${JSON.stringify(broken, null, 1)}`);
  const tally = new Tally();
  for (const pair of Object.keys(JUDGES)) {
    for (const client of clients(python, node)) {
      const name = `${pair.padEnd(8)} ${client.name}`;
      if (chosen(name, words)) tally.add(name.padEnd(24), await drive(pair, client, { runtime, provider, packages: node.folder, hook }));
    }
  }
  await runtime.stop();
  [provider, classifier, hook].forEach((server) => server.stop());
  return tally;
});
