// A provider that fails at random (PyPI `llmock`) and judges whoever calls it: whether Retry-After was kept, hopeless calls were left, and broken
// streams were not taken for whole. The same program calls it directly and through the runtime with the shipped policy for flaky providers.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { Missing, root } from "../run/machine.mjs";
import { llmockEnvironment } from "./environments.mjs";
import { startRuntime } from "./runtime.mjs";

const CALLS = 120;
const RATES = ["429=0.12", "500=0.08", "503=0.08", "400=0.04"];
const FAULTS = ["disconnect=0.08", "truncate=0.08"];

const freePort = () => new Promise((found) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => found(port));
  });
});

async function startMock(program) {
  const port = await freePort();
  const faults = [...RATES.flatMap((rate) => ["--error-rate", rate]), ...FAULTS.flatMap((fault) => ["--stream-fault", fault])];
  const child = spawn(program, ["serve", "-h", "127.0.0.1", "-p", String(port), "--log-level", "error", ...faults], { stdio: "ignore" });
  const base = `http://127.0.0.1:${port}`;
  const verdict = async () => (await fetch(`${base}/_llmock/verdict`)).json();
  for (let waited = 0; ; waited += 100) {
    if (await verdict().catch(() => undefined)) return { base, verdict, stop: () => child.kill() };
    if (waited > 30_000) throw new Missing("llmock does not answer");
    await new Promise((later) => setTimeout(later, 100));
  }
}

/** What the program's calls came to, by its own count. */
function calls(python, base) {
  const program = join(root, "tests", "clients", "programs", "llmock.py");
  const env = { PATH: process.env.PATH, OPENAI_BASE_URL: `${base}/v1` };
  const child = spawn(python, [program, String(CALLS)], { env, stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text) => { out += text; });
  return new Promise((ended, failed) => child.once("exit", (code) => (code === 0 ? ended(JSON.parse(out)) : failed(new Error(`llmock.py ended with ${code}`)))));
}

/** Runs both ways; the runtime's must pass, and answer no fewer calls. */
export async function judgeRetries() {
  const { python, program } = llmockEnvironment();
  const ran = {};
  for (const way of ["directly", "through the runtime"]) {
    const mock = await startMock(program);
    const policies = { "flaky-providers.toml": readFileSync(join(root, "policies", "flaky-providers.toml"), "utf8") };
    const runtime = way === "directly" ? undefined : await startRuntime(mock.base, { policies });
    ran[way] = { ended: await calls(python, runtime?.proxy ?? mock.base), verdict: await mock.verdict() };
    await runtime?.stop();
    mock.stop();
    const { ended, verdict } = ran[way];
    const findings = verdict.findings.map(({ severity, code }) => `${severity} ${code}`);
    console.log(`   ${way}: ${JSON.stringify(ended)}, ${verdict.attempts} attempts, ${verdict.faults_injected} faults; ${findings.join(", ") || "nothing found"}`);
  }
  const ours = ran["through the runtime"];
  const answered = (way) => ran[way].ended.answered ?? 0;
  // A 400 is nobody's to retry: about one call in twenty-five gets it.
  const right = ours.verdict.passed && answered("through the runtime") >= CALLS * 0.85 && !Object.keys(ours.ended).some((kind) => kind.startsWith("broken"));
  console.log(`${right ? "✓" : "✗"}  llmock 0.2.2 judges the runtime's retries`);
  return { passed: right ? 1 : 0, failed: right ? 0 : 1 };
}
