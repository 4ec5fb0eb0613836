import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, sessionOf, test } from "../world/browser";

const GOOD = '# Mine.\nversion = 1\nname = "careful"\nmax_tool_errors = 3\n';
const source = (page) => page.getByRole("textbox", { name: "Policy source" });
const fileOf = (runtime) => join(runtime.folder, "policies", "careful.toml");

test("a policy is edited: mistakes are underlined as they are typed, a whole one is saved and in force", async ({ page, open, start }) => {
  const runtime = await start({ "careful.toml": GOOD });
  await open("/policies/careful", runtime);
  await source(page).fill(GOOD.replace("max_tool_errors", "max_tool_erors"));
  await expect(page.getByTestId("wrong")).toHaveText("max_tool_erors");
  await expect(page.getByRole("list", { name: "Problems" })).toContainText("did you mean `max_tool_errors`?");
  await expect(page.getByRole("button", { name: "Save" })).toBeDisabled();
  await page.getByRole("list", { name: "Problems" }).getByRole("button").click();
  await page.keyboard.type("max_tool_errors");
  await expect(source(page)).toHaveValue(GOOD);
  await expect(page.getByTestId("wrong")).toHaveCount(0);
  await source(page).fill(GOOD.replace("3", "5"));
  await expect(page.getByRole("status").filter({ hasText: "Checked, not saved" })).toBeVisible();
  await page.keyboard.press("Control+s");
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  expect(readFileSync(fileOf(runtime), "utf8")).toBe(GOOD.replace("3", "5"));
  await page.getByText("max_tool_errors", { exact: true }).first().click();
  await expect(page.getByRole("group", { name: "Rule max_tool_errors in full" })).toContainText("run.tool_errors > 5");
});

test("an edit survives a look at another screen, and the file's change under it is shown, never overwritten", async ({ page, open, start }) => {
  const runtime = await start({ "careful.toml": GOOD });
  await open("/policies/careful", runtime);
  await source(page).fill(GOOD.replace("3", "7"));
  await page.getByRole("link", { name: "Sessions", exact: true }).click();
  await page.getByRole("link", { name: "Policies", exact: true }).click();
  await expect(source(page)).toHaveValue(GOOD.replace("3", "7"));
  writeFileSync(fileOf(runtime), GOOD.replace("3", "9"));
  const moved = page.getByRole("alert").filter({ hasText: "changed on disk" });
  await expect(moved).toContainText("max_tool_errors = 9");
  await expect(page.getByRole("button", { name: "Save" })).toBeDisabled();
  await moved.getByRole("button", { name: "Keep mine" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  expect(readFileSync(fileOf(runtime), "utf8")).toBe(GOOD.replace("3", "7"));
});

test("a rule is made from a step and matches what happened there", async ({ page, open, ask }) => {
  const session = await sessionOf(ask, "codex");
  const { rows } = await ask("list_timeline", { session: session.id, from: 0, count: 1 });
  await open(`/sessions/${session.id}/steps/${rows[0].exchange}`);
  await expect(page.getByRole("tabpanel")).toContainText("max_attempts");
  await page.keyboard.press("Control+m");
  await expect(source(page)).toHaveValue(/when = "tool.name == 'shell'"/);
  await expect(page.getByText("Checked, not saved")).toBeVisible();
  await page.getByRole("button", { name: "Discard" }).click();
});

test("a new policy begins as a shadow and becomes a file of its own name", async ({ page, open, start }) => {
  const runtime = await start({});
  await open("/policies", runtime);
  await page.getByRole("link", { name: "New policy", exact: true }).click();
  await expect(source(page)).toHaveValue(/mode = "shadow"/);
  const text = (await source(page).inputValue()).replace("my-policy", "no-deletes");
  await source(page).fill(text);
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page).toHaveURL(/policies\/no-deletes/);
  await expect(page.getByRole("heading", { name: "no-deletes" })).toBeVisible();
  expect(readFileSync(join(runtime.folder, "policies", "no-deletes.toml"), "utf8")).toBe(text);
});

test("a policy in shadow says what it would have done, and leads to where", async ({ page, open, ask }) => {
  const { flips } = await ask("policy_flips", { policy: "watch" });
  await open("/policies/watch");
  const calls = flips.reduce((sum, flip) => sum + flip.times, 0);
  await page.getByText(`In shadow, 1 rule would have changed ${calls} call`).click();
  const list = page.getByRole("list", { name: "What shadow rules would have done" });
  await expect(list).toContainText("too-many-steps (block) would have stopped");
  await list.getByRole("link").nth(1).click();
  await expect(page.getByRole("article", { name: "Intervention" }).filter({ hasText: "Would have" })).toContainText("too-many-steps");
  await open("/policies/safe-tools");
  await expect(page.getByRole("heading", { name: "safe-tools" })).toBeVisible();
  await expect(page.getByText("In shadow")).toHaveCount(0);
});
