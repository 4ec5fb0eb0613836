// A session in which rules do nearly everything that rules can do, so that every card has something to show.
import { story } from "./telling.mjs";

export const ACTS = `version     = 1
name        = "quarter"
description = "Keeps the quarterly report's agent within its means."

[tiers]
fast   = "claude-haiku-4-5"
strong = "claude-opus-4-1"

[tools]
read_only = ["query_ledger", "open_page", "list_people"]

[alert.desk]
kind = "desktop"

[[rule]]
id   = "slow-start"
on   = "model.request"
when = "run.steps == 1"
do   = [{ limit = { output_tokens = 2000, scope = "run" } }, { first = [{ reroute = "claude-sonnet-4-5" }, { inject = { role = "user", text = "Work from the ledger, not from memory." } }] }]

[[rule]]
id   = "only-what-matters"
on   = "tool.result"
when = "tool.name == 'query_ledger'"
do   = [{ extract = { fields = ["$.rows[*].account", "$.rows[*].total", "$.period"] } }]

[[rule]]
id   = "long-pages"
on   = "tool.result"
when = "tool.name == 'open_page' && result.bytes > 2000"
do   = [{ truncate = { head = 600, tail = 200 } }, { taint = "web" }]

[[rule]]
id   = "addresses-stay-here"
on   = "tool.result"
when = "tool.name == 'list_people'"
do   = [{ redact = "email" }]

[[rule]]
id   = "no-writes-to-the-ledger"
on   = "tool.call"
when = "tool.name == 'post_entry'"
do   = [{ block = { text = "The ledger is read-only for you: say in the report what should be booked." } }, { alert = { to = "desk", text = "{{session.agent}} tried to write to the ledger" } }]

[[rule]]
id   = "mail-needs-a-person-where-the-web-was-read-and-is-not-trusted"
on   = "tool.call"
mode = "shadow"
when = "tool.name == 'send_mail' && 'web' in session.taints"
do   = ["escalate"]

[[rule]]
id   = "again"
on   = "model.response"
when = "response.failed"
do   = [{ first = [{ retry = { times = 2, base = "40ms" } }, { reroute = "tier:strong" }] }]

[[rule]]
id   = "once-is-enough"
on   = "tool.call"
when = "tool.name == 'query_ledger' && run.steps > 4"
do   = [{ first = [{ cached = "1h" }, "block"] }]

[[rule]]
id   = "enough"
on   = "model.stream"
when = "run.steps > 5"
do   = [{ partial = "The report's agent has had its five steps." }]

[[rule]]
id   = "cheaper-ending"
on   = "model.request"
when = "run.steps == 6"
do   = [{ reroute = { model = "tier:fast", scope = "run" } }, { compact = { to = 0.01 } }]
`;

const call = (name, args, result, more = {}) => ({ name, arguments: args, result, ms: 6, ...more });
const rows = Array.from({ length: 24 }, (_, i) => ({
  account: `${4000 + i * 10}`, name: ["Hosting", "Licences", "Travel", "Salaries"][i % 4], total: (1875.5 * (i + 1)).toFixed(2), currency: "EUR",
  created_by: "import@ledger", created_at: "2026-10-01T00:00:00Z", audit: { checked: true, by: "m.keller", note: "as last quarter" },
}));
const page = `Exchange rates, third quarter\n\n${Array.from({ length: 60 }, (_, i) => `2026-0${7 + (i % 3)}-${String((i % 28) + 1).padStart(2, "0")}  EUR/USD 1.08${i % 10}  EUR/GBP 0.85${(i * 3) % 10}  EUR/CHF 0.95${(i * 7) % 10}`).join("\n")}\n\nAll rates without warranty.`;

export const quarter = story({
  name: "quarter", agent: "quarter-report", dialect: "anthropic", stream: true, model: "claude-sonnet-4-5", client: "Anthropic/Python 0.75.0", tokens: 9_400,
  system: "You prepare the quarterly report.",
  tools: [
    { name: "query_ledger", says: "Totals by account.", takes: ["period"] }, { name: "open_page", says: "Fetches a page as text.", takes: ["url"] },
    { name: "list_people", says: "Who gets the report.", takes: ["team"] }, { name: "post_entry", says: "Books an entry.", takes: ["account", "amount"] },
    { name: "send_mail", says: "Sends a mail.", takes: ["to", "body"] },
  ],
  user: "Prepare the report for the third quarter and mail it to finance.",
  turns: [
    { text: "I'll take the totals first.", first: 30, calls: [call("query_ledger", { period: "2026-Q3" }, JSON.stringify({ period: "2026-Q3", rows }))] },
    { text: "Now the exchange rates.", first: 24, calls: [call("open_page", { url: "https://rates.example/q3" }, page)] },
    { text: "One accrual is missing; I'll book it.", first: 26, calls: [call("post_entry", { account: "4930", amount: "1200.00" }, "")] },
    { text: "I'll note it in the report instead. Who gets it?", first: 21, calls: [call("list_people", { team: "finance" }, "Marta Keller <marta.keller@example.com>\nIvo Lang <ivo.lang@example.com>\n")] },
    { text: "Before I send it, the last quarter for comparison.", first: 30, fails: { times: 2, status: 529, type: "overloaded_error", text: "Overloaded" }, calls: [call("query_ledger", { period: "2026-Q2" }, JSON.stringify({ period: "2026-Q2", rows: rows.slice(0, 20) }))] },
    { text: "And this quarter's once more, to be sure.", first: 24, calls: [call("query_ledger", { period: "2026-Q3" }, JSON.stringify({ period: "2026-Q3", rows }))] },
    { text: "I'll send it.", first: 22, calls: [call("send_mail", { to: "finance", body: "The report for the third quarter is attached. Costs rose by 4.1 %, mostly hosting; one accrual of 1,200.00 on 4930 should be booked." }, "sent")] },
    { text: "The report is sent. One accrual of EUR 1,200.00 on account 4930 is named in it and still to be booked.", first: 25 },
  ],
});
