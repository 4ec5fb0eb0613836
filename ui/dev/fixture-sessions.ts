// Made-up sessions by formula: a loop of model calls and tool calls, errors and interventions at fixed places.
import type { Change, InterventionView, PolicyView, SessionView, StripView, TimelineRow } from "../src/bridge";

const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
const LOADED = Date.now();

export function id(prefix: string, value: number): string {
  let text = "";
  for (let rest = value, i = 0; i < 13; i += 1) {
    text = DIGITS[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return `${prefix}_${text}`;
}

export function numberOf(text: string): number {
  return [...text.slice(4)].reduce((sum, digit) => sum * 32 + DIGITS.indexOf(digit), 0);
}

/** A fixed "random" number in 0..1 for each n. */
export function noise(n: number): number {
  const x = Math.sin(n * 12.9898 + 78.233) * 43_758.5453;
  return x - Math.floor(x);
}

const KINDS = [
  { agent: "claude-code", models: ["claude-sonnet-4-5", "claude-haiku-4-5"], tools: ["Bash", "Read", "Edit", "Grep"] },
  { agent: "codex", models: ["gpt-5-codex"], tools: ["shell", "apply_patch", "update_plan"] },
  {
    agent: "airline-desk",
    models: ["gpt-4o"],
    tools: ["get_user_details", "search_direct_flight", "book_reservation"],
  },
  { agent: "gemini-cli", models: ["gemini-2.5-pro"], tools: ["run_shell_command", "read_file", "replace"] },
  { agent: "research-bot", models: ["gpt-4o-mini", "gpt-4o"], tools: ["web_search", "fetch_page", "write_note"] },
  { agent: "local-helper", models: ["qwen3:8b"], tools: ["bash", "sql"] },
];
function kindOf(kind: number): { agent: string; models: string[]; tools: string[] } {
  return KINDS[kind] ?? { agent: "agent", models: [], tools: [] };
}

const TITLES = [
  "Fix the flaky retry test in crates/upstream and explain why it fails only on CI",
  "Migrate the settings page to the new form components",
  "I want to cancel my flight from JFK to SFO and get a refund to my original card",
  "Calculate md5 sums of all sorted files under /testbed/dir2/subdir2",
  "Find three independent sources for the 2024 grid storage figures and compare them",
  "Why does `npm run build` take 4 minutes on the build machine?",
  "Add pagination to GET /orders; keep the old parameters working",
  "Summarise yesterday's incident channel into a timeline",
  "<img src=x onerror=alert(1)> please review this snippet for XSS",
  "Rename the `Frobnicator` trait everywhere and update the docs",
  "Change my seat to an aisle on reservation ZFA04Y",
  "Which customers in Lisbon ordered more than twice in March?",
];

type Spec = { rows: number; kind: number; begun: number; pace: number };
const specs = new Map<string, Spec>();
export const SESSIONS: SessionView[] = [];

function exchangeIn(session: string, index: number): string {
  return id("exc", numberOf(session) * 1000 + (index - (index % 2)));
}

function add(n: number, rows: number, minutesAgo: number, state: SessionView["state"]): void {
  const kind = n % KINDS.length;
  const { agent, models } = kindOf(kind);
  const session = id("ses", 4e12 + n * 1000);
  const pace = 1500 + noise(n) * 2500;
  const begun = LOADED - minutesAgo * 60e3 - rows * pace;
  specs.set(session, { rows, kind, begun, pace });
  const steps = Math.ceil(rows / 2);
  const input = Math.round(steps * (9_000 + noise(n + 3) * 22_000));
  SESSIONS.push({
    id: session,
    agent,
    title: TITLES[n % TITLES.length] ?? "",
    state,
    models,
    steps,
    input_tokens: input,
    cached_tokens: Math.round(input * (0.55 + noise(n + 1) * 0.4)),
    output_tokens: Math.round(steps * (180 + noise(n + 5) * 500)),
    cost_usd: agent === "local-helper" ? 0 : input * 0.0000009 * (1 + noise(n)),
    estimated: kind === 3,
    context_used: kind === 5 ? null : 0.08 + noise(n + 9) * 0.85,
    tool_errors: Math.floor(rows / 19),
    interventions: 0,
    parent: null,
    basis: kind < 2 ? "client_id" : "prefix",
    process:
      kind < 2 ? { pid: 4021 + n, name: agent === "codex" ? "codex" : "node", folder: "/home/mara/src/shop" } : null,
    label: null,
    client_id: kind < 2 ? `0f2c9e1${n}-77aa` : null,
    started_at: new Date(begun).toISOString(),
    last_at: new Date(LOADED - minutesAgo * 60e3).toISOString(),
  });
}

export function findSession(session: string): SessionView | undefined {
  return SESSIONS.find((s) => s.id === session);
}

export function rowsOf(session: string): number {
  return specs.get(session)?.rows ?? 0;
}

export function locate(exchange: string): { session: string; index: number } | null {
  const value = numberOf(exchange);
  const session = id("ses", Math.floor(value / 1e6) * 1000);
  return specs.has(session) ? { session, index: value - numberOf(session) * 1000 } : null;
}

const SAID = [
  "I'll start by looking at the failing test and the module under it.",
  "The mock closes the connection before the second read, so the retry never sees the header.",
  "Two of the three call sites pass a borrowed slice; I'll change the third to match.",
  "That matches what the log shows. Let me check whether the timer is paused in this test.",
  "Done. All 41 tests pass; the flaky one ran 200 times without a failure.",
];
const COMMANDS = [
  "cargo test -p upstream retry -- --nocapture",
  "src/retry.rs",
  "rg -n 'sleep\\(' crates/upstream/src",
  "git diff --stat",
  '{"user_id":"mia_li_3668"}',
];

export function said(index: number): string {
  return SAID[Math.floor(index / 2) % SAID.length] ?? "";
}
export function argumentsAt(index: number): string {
  return COMMANDS[Math.floor(index / 2) % COMMANDS.length] ?? "";
}

export function rowAt(session: string, index: number): TimelineRow {
  const spec = specs.get(session) ?? { rows: 0, kind: 0, begun: LOADED, pace: 2000 };
  const { models, tools } = kindOf(spec.kind);
  const n = numberOf(session) / 1000 + index * 7;
  const model = index % 2 === 0;
  const failed = index % 19 === 17;
  const open = index === spec.rows - 1 && findSession(session)?.state === "running";
  const gap = Math.floor(index / 40) * spec.pace * 9 * (spec.rows > 5000 ? 0 : 0.4);
  const duration = model ? 700 + noise(n) ** 3 * 14_000 : 12 + noise(n) ** 4 * 6_000;
  const tool = tools[Math.floor(noise(n - 7) * tools.length)] ?? "tool";
  const nextTool = tools[Math.floor(noise(n) * tools.length)] ?? "tool";
  const step = Math.floor(index / 2);
  const input = 8_200 + Math.min(step, 300) * 410;
  return {
    index,
    step,
    run: id("run", numberOf(session) + Math.floor(step / 12)),
    kind: model ? "model" : "tool",
    name: model ? (models[index % 26 === 0 ? models.length - 1 : 0] ?? "model") : tool,
    preview: model
      ? said(index)
      : failed
        ? "error: exit status 101: thread 'retry' panicked at src/retry.rs:88"
        : argumentsAt(index),
    state: open ? "open" : model ? (index % 94 === 92 ? "failed" : "complete") : failed ? "failed" : "complete",
    error: model && !open && index % 94 === 92 ? "529: overloaded" : null,
    exchange: exchangeIn(session, index),
    started_at: new Date(spec.begun + index * spec.pace + gap * 0 + (model ? 0 : 300)).toISOString(),
    duration_ms: open ? null : duration,
    first_token_ms: model ? 280 + noise(n + 2) * 900 : null,
    input_tokens: model ? input : 0,
    cached_tokens: model ? Math.round(input * (index % 23 === 0 ? 0.1 : 0.93)) : 0,
    output_tokens: model ? Math.round(60 + noise(n + 4) * 700) : 0,
    cost_usd: model ? input * 0.0000011 : null,
    estimated: spec.kind === 3,
    side_call: index === 2,
    tool_calls:
      model && !open
        ? [
            {
              id: `call_${index}`,
              name: nextTool,
              error: (index + 1) % 19 === 17 ? "text" : null,
              blocked: false,
              from_cache: false,
            },
          ]
        : [],
    imported: false,
    replayed: false,
    interventions: interventionAt(session, index) ? [id("int", numberOf(session) * 1000 + index)] : [],
    acts: [interventionAt(session, index) ?? []].flat(),
  };
}

function interventionAt(session: string, index: number): InterventionView | null {
  if (index % 58 !== 20 && index % 116 !== 36) return null;
  const block = index % 58 !== 20;
  const shadow = index % 348 === 252;
  const name = KINDS[specs.get(session)?.kind ?? 0]?.tools[0] ?? "bash";
  return {
    id: id("int", numberOf(session) * 1000 + index),
    session,
    exchange: exchangeIn(session, index),
    at: new Date((specs.get(session)?.begun ?? 0) + index * (specs.get(session)?.pace ?? 0)).toISOString(),
    cause: "rule",
    rule: block ? "no-delete" : "max_tool_errors",
    policy: "desk",
    version: "3fa09c81be22",
    action: block ? "block" : "inject",
    mode: shadow ? "shadow" : "enforce",
    summary: block ? `Blocked call to ${name}` : "Injected a recovery prompt after 4 tool errors",
    before: block ? `{"name":"${name}","arguments":{"command":"rm -rf ./target ./data"}}` : "",
    after: block
      ? "The call was blocked by rule no-delete of policy desk: deleting needs a person."
      : "Four tool calls failed in this run: shell: exit status 101 (×3), read_file: no such file. Read the error before you try again. Trace ses_03n4…",
    effect: { tokens: block ? 64 : 142, usd: 0.0004, ms: block ? 0 : 0, basis: "estimated" },
  };
}

export function interventionsOf(session: string): InterventionView[] {
  const out: InterventionView[] = [];
  const rows = Math.min(rowsOf(session), 4000);
  for (let i = 0; i < rows; i += 2) {
    const found = interventionAt(session, i);
    if (found) out.push(found);
  }
  return out;
}
add(0, 137, 0, "running");
add(1, 100_000, 0, "running");
add(2, 23, 1, "running");
for (let n = 3; n < 420; n += 1) {
  add(n, 4 + Math.floor(noise(n) ** 3 * 400), 4 + n * n * 0.18, n < 14 ? "idle" : n % 3 === 0 ? "ended" : "idle");
}
for (const session of SESSIONS) session.interventions = interventionsOf(session.id).length;

export const INTERVENTIONS = SESSIONS.slice(0, 12).flatMap((s) => interventionsOf(s.id));

export function stripOf(session: string, bins: number, from?: string, to?: string): StripView {
  const spec = specs.get(session) ?? { rows: 0, kind: 0, begun: LOADED, pace: 2000 };
  const start = from ? Date.parse(from) : spec.begun;
  const end = to ? Date.parse(to) : spec.begun + spec.rows * spec.pace + 3000;
  const lanes = (["model", "tool", "policy", "human"] as const).map((lane) => ({
    lane,
    fill: new Array<number>(bins).fill(0),
    failed: new Array<number>(bins).fill(0),
    row: new Array<number>(bins).fill(-1),
  }));
  const first = Math.max(0, Math.floor((start - spec.begun) / spec.pace) - 8);
  const last = Math.min(spec.rows, Math.ceil((end - spec.begun) / spec.pace));
  const each = Math.max(1, Math.floor((last - first) / 8000)) | 1;
  for (let i = first; i < last; i += each) {
    const row = rowAt(session, i);
    const at = Date.parse(row.started_at);
    const put = (lane: number, till: number, failed: boolean) => {
      const a = Math.floor(((at - start) / (end - start)) * bins);
      const b = Math.max(a, Math.floor(((till - start) / (end - start)) * bins));
      for (let x = Math.max(0, a); x <= Math.min(bins - 1, b); x += 1) {
        const l = lanes[lane];
        if (!l) continue;
        l.fill[x] = Math.min(1, (l.fill[x] ?? 0) + 0.4);
        if (failed) l.failed[x] = 1;
        if ((l.row[x] ?? -1) < 0) l.row[x] = i;
      }
    };
    put(row.kind === "model" ? 0 : 1, at + (row.duration_ms ?? 0), row.state === "failed");
    if (row.interventions.length > 0) put(2, at, false);
  }
  return { from: new Date(start).toISOString(), to: new Date(end).toISOString(), lanes };
}

let arrived = 0;
/** Lets the live sessions grow by a row, and now and then a new session arrive. */
export function grow(): Change[] {
  const changes: Change[] = [];
  for (const session of SESSIONS.filter((s) => s.state === "running").slice(0, 3)) {
    const spec = specs.get(session.id);
    if (!spec || noise(Date.now() + spec.rows) < 0.4) continue;
    spec.rows += 1;
    session.steps = Math.ceil(spec.rows / 2);
    session.input_tokens += 9000;
    session.output_tokens += 210;
    session.last_at = new Date().toISOString();
    changes.push({ kind: "exchange", session: session.id, exchange: exchangeIn(session.id, spec.rows - 1) });
  }
  if (noise(Date.now()) > 0.85 && arrived < 30) {
    arrived += 1;
    add(1000 + arrived, 2, 0, "idle");
    changes.push({ kind: "session", session: SESSIONS.at(-1)?.id ?? null, exchange: null });
  }
  return changes;
}

const rule = (id: string, on: string, mode: "enforce" | "shadow", line: number, from: string | null) => ({
  id,
  on,
  mode,
  lowered_from: from,
  toml: `[[rule]]\nid = "${id}"\non = "${on}"\nwhen = "run.tool_errors > 3"\ndo = [{ inject = { role = "user", text = "…" } }]\n`,
  line,
});
const policy = (
  name: string,
  version: string,
  mode: string,
  error: string | null,
  rules: PolicyView["rules"],
): PolicyView => ({
  name,
  file: `${name}.toml`,
  version,
  state: error === null ? "active" : "kept",
  error,
  mode,
  description: "",
  agents: name === "default" ? [] : ["airline-*", "claude-*"],
  rules,
});

export const POLICIES: PolicyView[] = [
  policy("default", "b41c20aa97d3", "shadow", null, [rule("big-result", "tool.result", "shadow", 12, null)]),
  policy("desk", "3fa09c81be22", "enforce", null, [
    rule("max_tool_errors", "model.request", "enforce", 6, "max_tool_errors"),
    rule("token_budget_per_session", "model.request", "enforce", 7, "token_budget_per_session"),
    rule("no-delete", "tool.call", "enforce", 13, null),
  ]),
  policy("research-agent", "90ee12f0c4aa", "enforce", "line 6, column 1: there is no key `max_tool_error`", []),
];

export function policySource(name: string): string {
  return `# ${name}: what the desk's agents may do\nversion = 1\nname    = "${name}"\nagents  = ["airline-*", "claude-*"]\n\n${name === "research-agent" ? "max_tool_error " : "max_tool_errors"}          = 3\ntoken_budget_per_session = 50_000\n\n[defaults]\nmode     = "enforce"\non_error = "open"\n\n[[rule]]\nid   = "no-delete"\non   = "tool.call"\nwhen = "call.raw.contains('rm -rf')"\ndo   = [{ block = { text = "Deleting needs a person." } }]\n`;
}
