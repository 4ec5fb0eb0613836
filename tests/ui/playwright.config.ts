// The interface in a real browser, against the real runtime. `checks` run in `npm test`, `shots` in `npm run shots`.
import { join } from "node:path";
import { defineConfig } from "@playwright/test";
import { browser, out } from "../run/machine.mjs";

const flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export default defineConfig({
  outputDir: join(out, "playwright"),
  globalSetup: "./setup.ts",
  // One after the other: two cores carry the runtime, the browser and the agents.
  workers: 1,
  timeout: 20_000,
  expect: { timeout: 5_000 },
  reporter: [["list"]],
  use: {
    launchOptions: { executablePath: browser(), args: flags },
    viewport: { width: 1440, height: 900 },
    timezoneId: "UTC",
    colorScheme: "light",
    trace: "off",
  },
  projects: [
    { name: "checks", testDir: "checks" },
    { name: "shots", testDir: "shots" },
  ],
});
