import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { play } from "../world/agent.mjs";
import { MARK, small } from "../world/stories.mjs";
import { expect, rowsOf, sessionOf, test } from "../world/browser";

test("hostile text stays text on every screen", async ({ page, open, ask }) => {
  const session = await sessionOf(ask, "scraper*");
  const { rows } = await ask("list_timeline", { session: session.id, from: 0, count: 10 });
  await open("/sessions");
  await page.keyboard.press("/");
  await page.keyboard.type("agent:scraper*");
  await expect(page.getByTestId("session-row")).toHaveCount(1);
  await expect(page.getByTestId("session-row")).toContainText("<img src=x onerror=");
  await expect(page.getByTestId("session-row")).toContainText("scraper-<b>bold</b>");
  for (const row of rows.filter((one) => one.kind === "model")) {
    await open(`/sessions/${session.id}/steps/${row.exchange}`);
    await expect(page.getByRole("tabpanel").getByText(MARK, { exact: false }).first()).toBeVisible();
    for (const tab of ["Truth", "Tools", "Stream", "Policy", "Raw"]) {
      await page.keyboard.press("l");
      await expect(page.getByRole("tab", { name: tab })).toHaveAttribute("aria-selected", "true");
    }
    await expect(page.getByRole("group", { name: "Body" })).toContainText("onerror");
  }
  await expect(rowsOf(page).first()).toBeVisible();
  expect(await page.evaluate(() => "__hacked" in window)).toBe(false);
  // Nothing of it became an element.
  expect(await page.locator("iframe, object, embed, b, #root script, img:not([src='/icon.svg'])").count()).toBe(0);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("onerror");
  await expect(page.getByRole("dialog")).toContainText("onerror");
  expect(await page.evaluate(() => "__hacked" in window)).toBe(false);
});

test("dark and light: chosen, kept, and legible", async ({ page, open }) => {
  await open("/settings");
  const ink = () => page.evaluate(() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]);
  await page.getByRole("radio", { name: "Dark" }).click();
  const dark = await ink();
  await page.reload();
  await expect(page.locator("html")).toHaveClass(/dark/);
  expect(await ink()).toEqual(dark);
  await page.getByRole("radio", { name: "Light" }).click();
  expect(await ink()).not.toEqual(dark);
  await page.getByRole("radio", { name: "As the system" }).click();
  await page.emulateMedia({ colorScheme: "dark" });
  await expect.poll(ink).toEqual(dark);
});

test("the status bar says where agents connect and that the record is whole", async ({ page, open, world }) => {
  await open("/sessions");
  const bar = page.getByRole("contentinfo", { name: "Status" });
  await expect(bar).toContainText(world.proxy.replace("http://", ""));
  await expect(page.getByTestId("recording")).toHaveText("Recording");
  await expect(bar).toContainText(/Today \$0\.\d+/);
});

test("a policy that breaks is told at once, with its place, and again when it is whole", async ({ page, open, start }) => {
  const good = 'version = 1\nname = "careful"\nmax_tool_errors = 3\n';
  const runtime = await start({ "careful.toml": good });
  const file = join(runtime.folder, "policies", "careful.toml");
  await open("/policies/careful", runtime);
  await expect(page.getByRole("region", { name: "Policies" })).toContainText("in force · enforce");
  writeFileSync(file, good.replace("max_tool_errors", "max_tool_erors"));
  await expect(page.getByRole("contentinfo")).toContainText("Policy careful has an error");
  await expect(page.getByRole("region", { name: "Policies" })).toContainText("its last good version is in force");
  await expect(page.getByRole("alert").filter({ hasText: "Line 3" })).toContainText(/with \d+ rules? goes on being in force/);
  const problem = page.getByRole("list", { name: "Problems" });
  await expect(problem).toContainText("max_tool_erors");
  await expect(problem).toContainText("max_tool_errors");
  writeFileSync(file, good);
  await expect(page.getByRole("contentinfo")).not.toContainText("has an error");
  await expect(page.getByRole("region", { name: "Policies" })).toContainText("in force · enforce");
});

test("a runtime that goes away is told, and one that comes back is taken up", async ({ page, open, start }) => {
  const runtime = await start();
  await play(small(1), runtime.proxy);
  const screens = page.waitForResponse(/assets\/policies-/);
  await open("/sessions", runtime);
  await expect(page.getByTestId("session-row")).toHaveCount(1);
  await (await screens).finished();
  await runtime.stop();
  await expect(page.getByRole("contentinfo")).toContainText("Not live: reconnecting");
  // What was never read cannot be shown; what was stays.
  await page.keyboard.press("4");
  await expect(page.getByRole("alert")).toContainText("The console does not answer.");
  await page.keyboard.press("2");
  const again = await start({}, runtime);
  await expect(page.getByRole("contentinfo")).not.toContainText("Not live", { timeout: 10_000 });
  await play(small(2), again.proxy);
  await expect(page.getByTestId("session-row")).toHaveCount(2);
});

test("without its token the page says what is missing", async ({ page, world }) => {
  await page.goto(`${world.console}/sessions`);
  await expect(page.getByRole("heading", { name: "This page needs the console's token" })).toBeVisible();
});

test("the palette finds screens, words that were said, and ids", async ({ page, open, ask }) => {
  await open("/sessions");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("polic");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("region", { name: "Policies" })).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("night trains");
  await page.getByRole("dialog").getByText(/night/).first().waitFor();
  await page.getByRole("option", { name: /step/ }).first().click();
  await expect(page.getByRole("region", { name: "Step" })).toBeVisible();
  const session = await sessionOf(ask, "codex");
  await page.keyboard.press("Control+k");
  await page.keyboard.type(session.id);
  await page.getByRole("option", { name: /Open session/ }).click();
  await expect(page).toHaveURL(new RegExp(session.id));
});

test("empty screens name the next act, and a wrong address the way out", async ({ page, open, start }) => {
  const runtime = await start();
  await open("/sessions", runtime);
  await page.getByRole("main").getByRole("link", { name: "Connect an agent" }).click();
  await expect(page.getByTestId("waiting")).toBeVisible();
  await page.keyboard.press("3");
  await expect(page.getByRole("heading", { name: "Nothing waits for a person" })).toBeVisible();
  await open("/nowhere", runtime);
  await page.getByRole("link", { name: "Go to the sessions" }).click();
  await expect(page.getByRole("region", { name: "Sessions" })).toBeVisible();
});

test("the overview's figures open what they count", async ({ page, open, ask }) => {
  const figures = await ask("metrics");
  await open("/overview");
  const overview = page.getByRole("region", { name: "Overview" });
  await expect(overview.getByRole("definition").filter({ hasText: String(figures.exchanges) }).first()).toBeVisible();
  await overview.getByRole("link", { name: "destructive-command" }).first().click();
  await expect(page.getByTestId("session-row")).toHaveCount(1);
});
