// `npm run shots`: every screen, light and dark, as pictures in tests/out/shots, from the real runtime with scripted agents.
import { join } from "node:path";
import { buildCli, buildUi, installPackages } from "./build.mjs";
import { browser, out, requireCargo, requireSystem } from "./machine.mjs";
import { run, Steps } from "./steps.mjs";

const steps = new Steps();
await steps.check("tools and system packages", () => {
  requireCargo();
  requireSystem("compiler", "browser");
  return { ok: true, output: "" };
});
await steps.check("packages", installPackages, ["tools and system packages"]);
await steps.check("ui: build", buildUi, ["packages"]);
await steps.check("rust: build", () => buildCli(), ["ui: build"]);
const playwright = ["playwright", "test", "--config", "tests/ui/playwright.config.ts", "--project", "shots", ...process.argv.slice(2)];
// Slower than the checks, so that times look like times.
const env = { SWITCHTOWER_BROWSER: browser(), SWITCHTOWER_PACE: "16", SWITCHTOWER_MANY: "1000" };
await steps.check("shots", () => run("npx", playwright, { env }), ["rust: build"]);
console.log(join(out, "shots"));
steps.end();
