// More of everything than fits: nothing is lost, nothing leaves its place.
import type { Page } from "@playwright/test";
import { play } from "../world/agent.mjs";
import { expect, rowsOf, test } from "../world/browser";
import { BREAKERS, BUDGETS, everyTool, LONG_NAMES, rules } from "../world/crowd.mjs";
import { checkout, small } from "../world/stories.mjs";

test.describe.configure({ timeout: 40_000 });

/** The page itself never scrolls, and no line of it reaches out of the window. */
async function expectWithin(page: Page) {
  const over = await page.evaluate(() => {
    const { scrollWidth, scrollHeight } = document.documentElement;
    const main = document.querySelector("main") as HTMLElement;
    return [scrollWidth - innerWidth, scrollHeight - innerHeight, main.scrollWidth - main.clientWidth];
  });
  expect(Math.max(...over)).toBeLessThanOrEqual(0);
}

test("a thousand rules: what matched stands first, the rest comes when it is asked for", async ({ page, open, start }) => {
  const runtime = await start({ "crowd.toml": rules(1000) });
  await play(small(1), runtime.proxy);
  const { sessions } = (await runtime.rpc("list_sessions")) as any;
  const { rows } = (await runtime.rpc("list_timeline", { session: sessions[0].id, from: 0, count: 1 })) as any;
  await open(`/sessions/${sessions[0].id}/steps/${rows[0].exchange}?tab=policy`, runtime);
  await expect(page.getByRole("article", { name: "Intervention" })).toHaveCount(10);
  await expect(page.getByRole("list", { name: "Evaluations", exact: true }).getByRole("listitem")).toHaveCount(10);
  await page.getByRole("button", { name: "990 evaluations did not match" }).click();
  const rest = page.getByRole("list", { name: "Evaluations that did not match" }).getByRole("listitem");
  await expect(rest).toHaveCount(200);
  await page.getByRole("button", { name: /Show more \(790 left\)/ }).click();
  await expect(rest).toHaveCount(990);
  await expectWithin(page);
});

test("names as long as they may be, in a narrow window", async ({ page, open, start }) => {
  await page.setViewportSize({ width: 900, height: 700 });
  const runtime = await start({ "long.toml": LONG_NAMES });
  await play({ ...checkout, most: 2 }, runtime.proxy);
  const { interventions } = (await runtime.rpc("list_interventions", { query: "action:inject" })) as any;
  const { session, exchange } = interventions[0];
  await open(`/sessions/${session}/steps/${exchange}?tab=policy`, runtime);
  await page.getByRole("article", { name: "Intervention" }).first().waitFor();
  await expectWithin(page);
  // What does not fit in the row is counted there.
  await expect(rowsOf(page).last().getByText("+2", { exact: true }).filter({ visible: true })).toBeVisible();
  await page.keyboard.press("s");
  await page.getByRole("region", { name: "What rules read" }).waitFor();
  await expectWithin(page);
  for (const path of ["/overview", "/policies"]) {
    await open(path, runtime);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await expectWithin(page);
  }
});

test("twelve budgets: the fullest in sight, all of them a press away", async ({ page, open, start }) => {
  const runtime = await start({ "twelve.toml": BUDGETS });
  await play({ ...checkout, most: 2 }, runtime.proxy);
  const { sessions } = (await runtime.rpc("list_sessions", { query: "agent:claude-code" })) as any;
  await open(`/sessions/${sessions.at(-1).id}`, runtime);
  const line = page.getByRole("region", { name: "Standing", exact: true });
  await expect(line.getByRole("button", { name: /^Raise budget/ })).toHaveCount(3);
  await line.getByRole("button", { name: "+9 budgets" }).click();
  await expect(page.getByRole("region", { name: "Budgets", exact: true }).getByRole("listitem")).toHaveCount(12);
  await expectWithin(page);
});

test("forty breakers: those that keep calls off in sight, the others when they are asked for", async ({ page, open, start }) => {
  const runtime = await start({ "tools.toml": BREAKERS });
  await play(everyTool, runtime.proxy);
  await open("/overview", runtime);
  const list = page.getByRole("region", { name: "Circuit breakers" });
  await expect(list.getByRole("button", { name: "Hold closed" })).toHaveCount(8);
  await list.getByRole("button", { name: "Show all 40 breakers" }).click();
  await expect(list.getByRole("listitem")).toHaveCount(40);
  await expect(page.getByRole("contentinfo")).toContainText("8 breakers not closed");
  await expectWithin(page);
});
