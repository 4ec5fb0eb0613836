// `npm run test:holds`: real clients, unchanged, held at a tool call for `SWITCHTOWER_HOLD_S` seconds (90 unless set), then approved, edited
// and denied. None may time out or make a second model call; what the next request says is asserted. `npm run test:holds -- limits` measures
// how long each can be held at most.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cases, script } from "../clients/cases.mjs";
import { askFirst, HELD, later, named, startHeld } from "../clients/held.mjs";
import { measure } from "../clients/limits.mjs";
import { FINAL, startProvider } from "../clients/provider.mjs";
import { startRuntime } from "../clients/runtime.mjs";
import { chosen, command, installClients, Tally } from "./real.mjs";

const SECONDS = Number(process.env.SWITCHTOWER_HOLD_S || 90);
const DECISIONS = ["approve", "edit", "deny"];
const REASON = "Not while I am looking.";

/** A person's other arguments: another file, another city. */
const edited = (text) => text.replaceAll("hello.txt", "other.txt").replaceAll("Paris", "Rome");

async function hold(client, decision, runtime, packages) {
  const { asked, exit, said } = await startHeld(client, named(decision, client), runtime, packages, SECONDS + 180);
  if (!asked) return { wrong: [`it never asked: ${said.err.slice(-400)} ${said.out.slice(-200)}`] };
  const wrong = [];
  const check = (holds, what) => { if (!holds) wrong.push(what); };
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
  check(code === 0, `it ended with ${code}: ${said.err.slice(-400)}`);
  check(said.out.includes(FINAL), `the final answer did not reach it: ${said.out.slice(-300)}`);
  wrong.push(...(await record(runtime, asked, decision)));
  return { wrong, held };
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

await command(async ([first, ...rest]) => {
  const { python, versions, node } = installClients();
  const words = first === "limits" ? rest : [first, ...rest].filter(Boolean);
  const held = cases(python, node).filter(({ name }) => HELD.includes(name) && chosen(name, words));
  if (first === "limits") {
    process.exitCode = (await measure(held, node, versions)) ? 0 : 1;
    process.exit();
  }
  let runtime;
  const provider = await startProvider(script(() => runtime.folder));
  runtime = await startRuntime(provider.base, { policies: { "ask.toml": askFirst("10m") } });
  writeFileSync(join(runtime.folder, "work", "other.txt"), "another\n");
  console.log(`Holding ${held.length} clients for ${SECONDS} s, three decisions each …`);
  const tally = new Tally();
  for (const decision of DECISIONS) {
    const row = await Promise.all(held.map(async (client) => ({ client, ...(await hold(client, decision, runtime, node.folder)) })));
    for (const { client, wrong, held } of row) tally.add(`${client.name.padEnd(28)} ${decision.padEnd(8)} held ${String(held ?? "–").padStart(4)} s `, wrong);
  }
  await runtime.stop();
  provider.stop();
  return tally;
});
