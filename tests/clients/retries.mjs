// The runtime's retries beside those of a real SDK, which has its own as it comes: they add up and never multiply, what the provider says of
// asking again is heeded by both, and an application sees no more failures than without a runtime. A scripted provider counts.
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { join } from "node:path";
import { root } from "../run/machine.mjs";
import { sdkEnvironments } from "./environments.mjs";
import { startRuntime } from "./runtime.mjs";

const POLICY = `version = 1
[[rule]]
id   = "again"
on   = "model.response"
when = "response.failed"
do   = [{ retry = { times = 2, base = "10ms" } }]
`;
/** Either SDK asks twice more by itself. */
const OWN = 3;
const OURS = 2;

/** What the provider does, what the application must see, and how often the provider may be asked: directly, and through the runtime. */
const CASES = [
  { name: "down", status: 500, ended: 500, directly: OWN, through: OWN + OURS },
  { name: "overloaded", status: 529, ended: 529, directly: OWN, through: OWN + OURS },
  { name: "too many calls, a wait in milliseconds", status: 429, headers: { "retry-after-ms": "60" }, ended: 429, directly: OWN, through: OWN + OURS },
  { name: "not to be asked again", status: 500, headers: { "x-should-retry": "false" }, ended: 500, directly: 1, through: 1 },
  { name: "a bad key", status: 401, ended: 401, directly: 1, through: 1 },
  { name: "well at the third attempt", status: 503, failures: 2, ended: "Fine.", directly: 3, through: 3 },
  // What the SDK's own retries alone would not outlast.
  { name: "well at the fifth attempt", status: 503, failures: 4, ended: "Fine.", directly: OWN, through: 5, alone: 503 },
];

/** Fails as a case says, then answers; counts. */
async function startProvider({ status, headers = {}, failures = Infinity }) {
  let asked = 0;
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk)).on("end", () => {
      asked++;
      if (asked <= failures) {
        response.writeHead(status, { "content-type": "application/json", ...headers });
        return response.end(JSON.stringify({ error: { message: "no", type: "server_error", param: null, code: null } }));
      }
      const common = { id: "chatcmpl-1", created: 1795384081, model: "gpt-4o-mini" };
      if (!JSON.parse(Buffer.concat(chunks)).stream) {
        const message = { role: "assistant", content: "Fine.", refusal: null };
        response.writeHead(200, { "content-type": "application/json" });
        return response.end(JSON.stringify({ ...common, object: "chat.completion", choices: [{ index: 0, message, logprobs: null, finish_reason: "stop" }] }));
      }
      const chunk = (delta, finish_reason) => `data: ${JSON.stringify({ ...common, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(`${chunk({ role: "assistant", content: "Fine." }, null)}${chunk({}, "stop")}data: [DONE]\n\n`);
    });
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { base: `http://127.0.0.1:${server.address().port}`, asked: () => asked, stop: () => server.close() };
}

function call(program, env) {
  const child = spawn(program[0], program.slice(1), { env: { PATH: process.env.PATH, ...env }, stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text) => { out += text; });
  return new Promise((ended, failed) =>
    child.once("exit", (code) => (code === 0 ? ended(JSON.parse(out).ended) : failed(new Error(`${program[1]} ended with ${code}`)))),
  );
}

/** Every case with each SDK, streamed and not, directly and through the runtime. */
export async function addUp() {
  const { python, packages } = sdkEnvironments();
  const programs = join(root, "tests", "clients", "programs");
  const sdks = { "openai (Python)": [python, join(programs, "retries.py")], "openai (Node)": ["node", join(programs, "retries.mjs")] };
  const figures = { passed: 0, failed: 0 };
  for (const one of CASES) {
    for (const [sdk, program] of Object.entries(sdks)) {
      for (const streamed of ["no", "yes"]) {
        const seen = {};
        for (const way of ["directly", "through"]) {
          const provider = await startProvider(one);
          const runtime = way === "through" ? await startRuntime(provider.base, { policies: { "again.toml": POLICY } }) : undefined;
          const env = { OPENAI_BASE_URL: `${runtime?.proxy ?? provider.base}/v1`, STREAMED: streamed, PACKAGES: packages };
          seen[way] = { ended: await call(program, env), asked: provider.asked() };
          await runtime?.stop();
          provider.stop();
        }
        const alone = one.alone ?? one.ended;
        const right = seen.directly.ended === alone && seen.through.ended === one.ended && seen.directly.asked === one.directly && seen.through.asked === one.through;
        right ? figures.passed++ : figures.failed++;
        const told = Object.entries(seen).map(([way, { ended, asked }]) => `${way} ${JSON.stringify(ended)} after ${asked}`);
        console.log(`${right ? "✓" : "✗"}  ${one.name}: ${sdk}${streamed === "yes" ? ", streamed" : ""}: ${told.join(", ")}`);
      }
    }
  }
  return figures;
}
