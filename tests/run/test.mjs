// `npm test`: every check that a change must pass, from a fresh clone, with no key and no network beside registries.
import { buildCli, buildUi, has, installPackages } from "./build.mjs";
import { browser, requireCargo, requireSystem, target } from "./machine.mjs";
import { run, Steps } from "./steps.mjs";

const steps = new Steps();
console.log(`Builds go to ${target}`);

await steps.check("tools and system packages", () => {
  requireCargo();
  requireSystem("compiler", "window", "browser");
  return { ok: true, output: "" };
});
await steps.check("packages", installPackages, ["tools and system packages"]);

await steps.check("ui: lint and types", () => run("npm", ["run", "--workspace", "ui", "lint"]), ["packages"]);
await steps.check("ui: unit tests", () => run("npm", ["run", "--workspace", "ui", "test"]), ["packages"]);
await steps.check("ui: build", buildUi, ["packages"]);

await steps.check("rust: format", () => run("cargo", ["fmt", "--all", "--check"]), ["tools and system packages"]);
const clippy = ["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"];
await steps.check("rust: lints", () => run("cargo", clippy), ["ui: build"]);
await steps.check("rust: build", () => buildCli(), ["ui: build"]);
const tests = ["test", "--locked", "--workspace", "--no-fail-fast"];
await steps.check("rust: tests", () => run("cargo", tests), ["rust: build"]);

if (has("tests/ui/playwright.config.ts")) {
  const playwright = ["playwright", "test", "--config", "tests/ui/playwright.config.ts", "--project", "checks"];
  const env = { SWITCHTOWER_BROWSER: browser() };
  await steps.check("ui: in a real browser", () => run("npx", playwright, { env }), ["rust: build"]);
}

steps.end();
