// `npm run test:desktop`: the real window on a display without a screen, driven by WebKit's own driver.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { checks } from "../desktop/checks.mjs";
import { setUp } from "../desktop/desk.mjs";
import { buildCli, buildUi, buildWindow, installPackages } from "./build.mjs";
import { built, out, requireCargo, requireSystem } from "./machine.mjs";
import { Steps } from "./steps.mjs";

const steps = new Steps();
await steps.check("tools and system packages", () => {
  requireCargo();
  requireSystem("compiler", "window", "driver", "python");
  return { ok: true, output: "" };
});
await steps.check("packages", installPackages, ["tools and system packages"]);
await steps.check("ui: build", buildUi, ["packages"]);
await steps.check("rust: build", () => buildCli(), ["ui: build"]);
const ready = await steps.check("window: build", buildWindow, ["rust: build"]);
if (ready) {
  const pictures = join(out, "desktop");
  mkdirSync(pictures, { recursive: true });
  const desk = await setUp();
  try {
    for (const [name, check] of Object.entries(checks)) {
      await steps.check(name, async () => {
        await check({ desk, pictures, window: built("switchtower-window"), program: built("switchtower") });
        return { ok: true, output: "" };
      });
    }
  } finally {
    await desk.clear();
  }
}
steps.end();
