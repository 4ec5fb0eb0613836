// `npm run bench`: the runtime beside nginx as a plain reverse proxy, in one run.
import { spawnSync } from "node:child_process";
import { buildCli } from "./build.mjs";
import { built, Missing, nginx, requireCargo, requireSystem, root } from "./machine.mjs";
import { run } from "./steps.mjs";

try {
  requireCargo();
  requireSystem("compiler", "nginx");
  console.log("Building (optimised; the first time takes some minutes) …");
  for (const build of [buildCli("release"), run("cargo", ["build", "--locked", "--release", "-p", "switchtower-tests", "--bin", "switchtower-bench"])]) {
    const { ok, output } = await build;
    if (!ok) throw new Missing(output);
  }
  const bench = spawnSync(built("switchtower-bench", "release"), [built("switchtower", "release"), nginx(), ...process.argv.slice(2)], { cwd: root, stdio: "inherit" });
  process.exitCode = bench.status ?? 1;
} catch (error) {
  if (!(error instanceof Missing)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
