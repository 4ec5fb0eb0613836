// `npm run test:kill`: the whole kill proof; `npm test` runs a short one.
import { buildCli } from "./build.mjs";
import { requireCargo } from "./machine.mjs";
import { run, Steps } from "./steps.mjs";

const steps = new Steps();
requireCargo();
await steps.check("rust: build", () => buildCli());
const test = ["test", "--locked", "-p", "switchtower-tests", "--test", "kill", "--", "--nocapture"];
const env = { SWITCHTOWER_KILLS: process.env.SWITCHTOWER_KILLS || "200" };
await steps.check(`${env.SWITCHTOWER_KILLS} kills`, async () => {
  const result = await run("cargo", test, { env });
  console.log(result.output.match(/^\d+ kills, .*$/m)?.[0] ?? "");
  return result;
}, ["rust: build"]);
steps.end();
