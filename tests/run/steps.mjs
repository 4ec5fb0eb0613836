// Runs checks one after the other: each with its time, a failing one's output, and at the end one line of figures.
import { spawn } from "node:child_process";
import { root } from "./machine.mjs";

/** What suites print about themselves: Rust's, Vitest's, Playwright's and our own. */
const FIGURES = [
  /^test result: \w+\. (\d+) passed; (\d+) failed/gm,
  /^\s*Tests\s+(?:(?<failed>\d+) failed\D+)?(?<passed>\d+) passed/gm,
  /^\s{2}(?<failed>\d+) failed$/gm,
  /^\s{2}(?<passed>\d+) passed \(/gm,
];

/** A command's whole output and how it ended. Nothing is thrown. */
export function run(command, args, { env = {}, cwd = root } = {}) {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const take = (text) => { output += text; };
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);
    child.on("error", (error) => done({ ok: false, output: `${command}: ${error.message}` }));
    child.on("close", (code, signal) => done({ ok: code === 0, output: signal ? `${output}\n(ended by ${signal})` : output }));
  });
}

/** Counts the tests that an output reports. */
export function count(output) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes are control characters
  const plain = output.replace(/\u001b\[[0-9;]*m/g, "");
  let passed = 0;
  let failed = 0;
  for (const figure of FIGURES) {
    for (const match of plain.matchAll(figure)) {
      const { passed: p = match.groups ? 0 : match[1], failed: f = match.groups ? 0 : match[2] } = match.groups ?? {};
      passed += Number(p);
      failed += Number(f);
    }
  }
  return { passed, failed };
}

export class Steps {
  passed = 0;
  failed = 0;
  #broken = new Set();

  /**
   * One check. `work` returns `{ok, output}` or throws; `needs` names earlier steps without which it makes no sense.
   * A step that reports no tests of its own counts as one.
   */
  async check(name, work, needs = []) {
    if (needs.some((need) => this.#broken.has(need))) {
      this.#broken.add(name);
      console.log(`–  ${name}: left out, an earlier step failed`);
      return false;
    }
    const begun = performance.now();
    const { ok, output } = await Promise.resolve().then(work).catch((error) => ({ ok: false, output: error.message }));
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    const figures = count(output ?? "");
    this.passed += figures.passed + (ok && figures.passed === 0 ? 1 : 0);
    this.failed += ok ? figures.failed : Math.max(1, figures.failed);
    const skipped = (output ?? "").match(/^skipped: .*$/gm) ?? [];
    console.log(`${ok ? "✓" : "✗"}  ${name}  ${seconds} s${figures.passed ? `  (${figures.passed} tests)` : ""}`);
    for (const line of new Set(skipped)) console.log(`     ${line}`);
    if (!ok) {
      this.#broken.add(name);
      console.log(`${(output ?? "").trimEnd().split("\n").slice(-400).map((line) => `     ${line}`).join("\n")}\n`);
    }
    return ok;
  }

  /** The last line, and the exit code. */
  end() {
    console.log(`${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed === 0 ? 0 : 1;
  }
}
