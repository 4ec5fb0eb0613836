// The founding pairs: what is observed, and what the runtime does about it. Each is a policy as a team would write it, a script for the model, and
// what must have come of it upstream, at the agent's and in the trace. The clients are unchanged.
import { FINAL } from "./provider.mjs";

/** So many results before the tool's breaker can tell a p99. */
const SAMPLES = 100;
const SLOW_MS = 5000;

const policy = (pair, body) => `version = 1\nname = "${pair}"\nagents = ["${pair}-*"]\n${body}`;

/** Policies by file. `classifier`, `hook`: addresses of the scripted classifier and of who hears alerts. */
export const policies = ({ classifier, hook }) =>
  Object.fromEntries(
    Object.entries({
      errors: "max_tool_errors = 3\n",
      late: `latency_budget_ms = ${2 * SLOW_MS}\nfallback_model = "fast-model"\n`,
      // Codex takes its models' window for smaller than their vendor does, and compacts by itself soon after.
      full: `[[rule]]
id = "context"
on = "model.request"
when = "session.context_used > 0.55 && !request.side_call && history.context.fires_in_session == 0"
do = [{ compact = { to = 0.0005, summary = "tier:fast" } }]
[tiers]
fast = "fast-model"
`,
      unsafe: `[classifier.toxic]
kind = "http"
url = "${classifier}"
on = ["model.response"]
max = "2s"
[alert.desk]
kind = "webhook"
url = "${hook}"
[[rule]]
id = "unsafe-output"
on = "model.response"
when = "score.toxic > 0.8"
do = [{ block = { text = "FALLBACK-TEXT: this answer was withheld." } }, { alert = { to = "desk", text = "An unsafe answer was withheld in {{trace.session}}." } }]
`,
      slow: `[tools]
read_only = ["Read", "exec_command", "shell_command", "shell", "get_weather"]
[breaker.tool]
per = "tool"
window = "30m"
min_calls = ${SAMPLES}
p99 = "1ms"
cooldown = "30m"
[[rule]]
id = "slow-tool"
on = "tool.call"
when = "breaker.tool.open"
do = [{ first = [{ cached = { max_age = "1h" } }, { block = "The tool is too slow just now." }] }]
`,
    }).map(([pair, body]) => [`${pair}.toml`, policy(pair, body)]),
  );

/** The call that reads a file, or asks for the weather, with the tool that the client has. */
function look(names, folder, { missing = false } = {}) {
  const has = (name) => names.includes(name);
  const file = missing ? "missing.txt" : "hello.txt";
  const path = `${folder}/work/${file}`;
  if (has("Read")) return { name: "Read", arguments: { file_path: path } };
  if (has("exec_command")) return { name: "exec_command", arguments: { cmd: `cat ${file}` } };
  if (has("shell_command")) return { name: "shell_command", arguments: { command: `cat ${file}` } };
  if (has("shell")) return { name: "shell", arguments: { command: ["cat", file] } };
  return { name: "get_weather", arguments: { city: missing ? "Nowhere" : "Paris" } };
}

const later = (ms) => new Promise((done) => setTimeout(done, ms));

const turns = new Map();

/** What the model does: calls, a text, or null for its last word. */
export const script = (folder) => async (names, said, results) => {
  const [whole, pair] = said.match(/This pair: (\w+) with [\w ]+/) ?? [];
  const turn = turns.get(whole) ?? 0;
  turns.set(whole, turn + 1);
  const once = [look(names, folder())];
  if (pair === "errors") return results < 4 ? [look(names, folder(), { missing: true })] : null;
  if (pair === "late") {
    if (results === 1 || results === 2) await later(SLOW_MS * 0.84);
    return results < 4 ? once : null;
  }
  // Results may have left the context: turns count.
  if (pair === "full") return turn < 7 ? Object.assign([...once], { input: turn < 5 ? 1_000 : 0.58 }) : null;
  if (pair === "unsafe") return { text: "UNSAFE words that nobody should read." };
  if (pair === "slow") return results < SAMPLES + 1 ? once : null;
  return null;
};

const has = (body, text) => JSON.stringify(body).includes(text);
const model = (request) => request.body?.model ?? request.url.match(/models\/([^:]+)/)?.[1];

/** Everything that is wrong with what came of a pair. `turns`: the main line's requests upstream, side calls and the runtime's own left out. */
export const JUDGES = {
  errors: ({ turns, acts, ran, session }) => [
    ...need(turns.length === 5, `${turns.length} requests upstream, not 5`),
    ...need(turns.slice(0, 4).every(({ body }) => !has(body, "tool calls of this run have failed")), "the prompt came before the fourth error"),
    ...need(has(turns.at(-1)?.body, "4 tool calls of this run have failed"), "the request after the fourth error has no recovery prompt"),
    ...need(has(turns.at(-1)?.body, session.id), "the recovery prompt does not name the trace"),
    ...need(only(acts, "inject").length === 1, `interventions ${listed(acts)}`),
    ...need(ran.out.includes(FINAL), "the final answer did not reach it"),
  ],
  late: ({ turns, acts, ran }) => {
    const models = turns.map(model);
    const from = models.indexOf("fast-model");
    return [
      ...need(from >= 2, `models upstream: ${models}`),
      ...need(from > 0 && models.slice(from).every((name) => name === "fast-model"), `not for the rest of the run: ${models}`),
      ...need(only(acts, "reroute").length === 1, `interventions ${listed(acts)}`),
      ...need(ran.out.includes(FINAL), "the final answer did not reach it"),
    ];
  },
  full: ({ turns, acts, ran }) => {
    const compacted = only(acts, "compact")[0];
    const last = turns.at(-1)?.body;
    return [
      ...need(compacted, `interventions ${listed(acts)}`),
      ...need(has(last, "SUMMARY-OF-EARLIER-TURNS"), `the summary is not in the next request: ${JSON.stringify(compacted ?? null)}`),
      ...need(JSON.stringify(last).length < JSON.stringify(turns.at(-3)?.body).length + 4000, "the request did not get shorter"),
      ...need(ran.out.includes(FINAL), "the final answer did not reach it"),
    ];
  },
  unsafe: ({ acts, ran, alerts }) => [
    ...need(ran.out.includes("FALLBACK-TEXT"), `it said ${ran.out.slice(-300)}`),
    ...need(!ran.out.includes("UNSAFE words"), "the unsafe answer reached it"),
    ...need(only(acts, "block").length === 1 && only(acts, "alert").length === 1, `interventions ${listed(acts)}`),
    ...need(alerts.length === 1 && has(alerts[0], "unsafe answer was withheld"), `alerts ${JSON.stringify(alerts)}`),
  ],
  slow: ({ turns, acts, ran, tools }) => {
    const cached = only(acts, "cached");
    const answered = tools.filter((row) => row.state === "blocked" || row.state === "cached").length;
    return [
      ...need(cached.length >= 1, `interventions ${listed(acts)}; ${tools.length} tool calls`),
      ...need(tools.length - answered === SAMPLES, `the agent ran ${tools.length - answered} calls, not ${SAMPLES}`),
      ...need(turns.length === SAMPLES + 2, `${turns.length} requests upstream`),
      ...need(ran.out.includes(FINAL), "the final answer did not reach it"),
    ];
  },
};

const need = (holds, what) => (holds ? [] : [what]);
const only = (acts, action) => acts.filter((act) => act.action === action && act.mode === "enforce");
const listed = (acts) => JSON.stringify(acts.map(({ action, summary }) => [action, summary]));
