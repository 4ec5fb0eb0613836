// More of everything than fits: rules, interventions, budgets, breakers, and names that go on for long.
import { story } from "./telling.mjs";

/** As long as a name may be, without a place to break it. */
export const LONG = "keeps-the-quarterly-report-of-the-finance-department-in-its-mean";

/** A policy with so many rules, of which every hundredth matches. */
export const rules = (many) => `version = 1
name = "crowd"
${Array.from(
  { length: many },
  (_, i) => `[[rule]]
id = "rule-${String(i).padStart(4, "0")}"
on = "model.request"
when = "${i % 100 === 99 ? "session.steps >= 0" : `session.tokens > ${(i + 1) * 10_000} && request.messages > ${i}`}"
do = [{ taint = "t${Math.floor(i / 100)}" }]
`,
).join("\n")}`;

/** Two interventions at each step: one that is made, one that would have been. */
export const BUSY = `version = 1
name = "busy"

[[rule]]
id = "less-at-a-time"
on = "model.request"
do = [{ limit = { output_tokens = 900, scope = "call" } }]

[[rule]]
id = "stop-that"
on = "model.request"
mode = "shadow"
do = ["escalate"]
`;

export const LONG_NAMES = `version = 1
name = "${LONG}"
description = "${"A description that is longer than any line, so that it has to be broken somewhere. ".repeat(4).trim()}"
agents = ["${LONG}*", "claude-*"]

[budget.${LONG.slice(0, 60)}]
per = "session"
limit_tokens = 20_000

[[rule]]
id = "${LONG}"
on = "model.request"
when = "run.steps == 1"
do = [{ inject = { text = "${LONG.repeat(6)}" } }, { taint = "${LONG}-${LONG}" }]
risk = 1.5

[[rule]]
id = "${LONG.slice(0, 60)}-sha"
on = "tool.call"
mode = "shadow"
do = ["escalate"]
`;

const PERS = ["run", "session", "agent", "day"];
/** Twelve budgets, each differently full. */
export const BUDGETS = `version = 1
name = "twelve"
${Array.from(
  { length: 12 },
  (_, i) => `[budget.${["research", "drafts", "reviews"][i % 3]}-${PERS[i % 4]}-${i}]
per = "${PERS[i % 4]}"
${i % 2 === 0 ? `limit_tokens = ${30_000 + i * 20_000}` : `limit_usd = ${(0.35 + i * 0.15).toFixed(2)}`}
`,
).join("\n")}`;

export const BREAKERS = `version = 1
name = "many-tools"

[breaker.tool]
per        = "tool"
window     = "5m"
min_calls  = 2
error_rate = 0.5
cooldown   = "5m"
`;

const NAMES = ["search", "open", "list", "read", "write", "book", "mail", "rate"];
const toolName = (i) =>
  `${NAMES[i % NAMES.length]}_${["invoice", "customer", "calendar", "ledger", "ticket"][Math.floor(i / NAMES.length)]}`;

/** Calls forty tools, three times each; a fifth of them never works. */
export const everyTool = story({
  name: "every tool",
  agent: "tool-tester",
  dialect: "chat",
  model: "gpt-5-mini",
  tools: Array.from({ length: 40 }, (_, i) => ({ name: toolName(i), says: "One of forty.", takes: ["id"] })),
  user: "Try each of your tools three times and say which work.",
  turns: [
    ...[1, 2, 3].map((round) => ({
      calls: Array.from({ length: 40 }, (_, i) => ({
        name: toolName(i),
        arguments: { id: String(round) },
        result: i % 5 === 4 ? "the service does not answer" : "ok",
        error: i % 5 === 4,
        ms: 0,
      })),
    })),
    { text: "Thirty-two of forty work." },
  ],
});
