import { expect, rowsOf, sessionOf, test } from "../world/browser";

const TIMES = 37;

test("what repeats is one row with how often and what it cost, opened by keyboard and folded again", async ({ page, open, ask }) => {
  const session = await sessionOf(ask, "deploy-watcher");
  const { rows, total } = await ask("list_timeline", { session: session.id, from: 0, count: 200 });
  const { cycles } = await ask("list_cycles", { session: session.id });
  // One step in the middle was watched by a rule: it stands by itself.
  const acted = rows.findIndex((row) => row.interventions.length > 0);
  expect(cycles.map((cycle) => cycle.times).reduce((sum, times) => sum + times, 0)).toBe(TIMES - 1);
  expect(cycles.some((cycle) => cycle.first <= acted && acted < cycle.first + cycle.rows)).toBe(false);
  await open(`/sessions/${session.id}`);
  const folds = page.getByTestId("fold-row");
  await expect(folds).toHaveCount(cycles.length);
  await expect(rowsOf(page)).toHaveCount(total - cycles.reduce((sum, cycle) => sum + cycle.rows, 0));
  const last = cycles.at(-1);
  await expect(folds.last()).toContainText(`×${last.times}`);
  await expect(folds.last()).toContainText("get_status");
  await expect(folds.last()).toContainText(`$${last.cost_usd.toFixed(4)}`);
  await expect(page.locator(`#step-${acted}`)).toContainText("would have blocked");
  await page.keyboard.press("g");
  await expect(folds.first()).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("j");
  await expect(page.locator(`#step-${acted}`)).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await expect(folds).toHaveCount(cycles.length - 1);
  await expect(page.locator("#step-1")).toContainText("get_status");
  await page.keyboard.press("j");
  await expect(page.locator("#step-1")).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("z");
  await expect(folds).toHaveCount(cycles.length);
});

test("a step within a fold is shown where its address is opened", async ({ page, open, ask }) => {
  const session = await sessionOf(ask, "deploy-watcher");
  const { cycles } = await ask("list_cycles", { session: session.id });
  const { rows } = await ask("list_timeline", { session: session.id, from: cycles[0].first + 4, count: 1 });
  await open(`/sessions/${session.id}/steps/${rows[0].exchange}`);
  await expect(page.locator(`#step-${cycles[0].first + 4}`)).toHaveAttribute("aria-selected", "true");
  await expect(page.getByTestId("fold-row")).toHaveCount(cycles.length - 1);
});
