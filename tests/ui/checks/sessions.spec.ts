import { play } from "../world/agent.mjs";
import { small } from "../world/stories.mjs";
import { expect, test } from "../world/browser";

test("sessions show their figures, with units and every column", async ({ page, open, ask }) => {
  await open("/sessions?q=agent:claude-code");
  const row = page.getByTestId("session-row").filter({ hasText: "checkout test has timed out" });
  const { sessions } = await ask("list_sessions", { query: "agent:claude-code" });
  const main = sessions.find((session: { parent: string | null }) => session.parent === null);
  await expect(row).toContainText("running");
  await expect(row).toContainText("claude-sonnet-4-5");
  await expect(row).toContainText(`$${main.cost_usd.toFixed(2)}`);
  await expect(row.getByTitle(/2 interventions|3 interventions/)).toBeVisible();
  await expect(row.getByTitle(/Context \d+ % full/)).toBeVisible();
  // The sub-agent's session says whose it is.
  await expect(page.getByTestId("session-row").filter({ hasText: "↳" })).toContainText("Search the checkout service");
});

test("the list goes on as it is scrolled and holds few rows", async ({ page, open }) => {
  await open("/sessions");
  const rows = page.getByTestId("session-row");
  await expect(rows.first()).toBeVisible();
  expect(await rows.count()).toBeLessThan(80);
  await page.keyboard.press("G");
  await expect(page.locator('[role=row][aria-selected=true]')).toBeVisible();
  await page.keyboard.press("G");
  await expect(page.getByTestId("session-row").filter({ hasText: /number \d+$|number \d/ }).first()).toBeVisible();
  expect(await rows.count()).toBeLessThan(80);
});

test("arriving sessions wait above and move neither selection nor rows", async ({ page, open, start }) => {
  const runtime = await start();
  for (const number of [1, 2, 3]) await play(small(number), runtime.proxy);
  await open("/sessions", runtime);
  await expect(page.getByTestId("session-row")).toHaveCount(3);
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  const chosen = page.locator("[role=row][aria-selected=true]");
  const title = await chosen.innerText();
  const place = await chosen.boundingBox();
  await Promise.all([4, 5, 6, 7].map((number) => play(small(number), runtime.proxy)));
  await expect(page.getByRole("button", { name: "4 new" })).toBeVisible();
  await expect(page.getByTestId("session-row")).toHaveCount(3);
  expect((await chosen.innerText()).split("\n")[2]).toBe(title.split("\n")[2]);
  expect(await chosen.boundingBox()).toEqual(place);
  await page.keyboard.press(".");
  await expect(page.getByTestId("session-row")).toHaveCount(7);
  await expect(page.getByRole("button", { name: /new/ })).toHaveCount(0);
});

test("a running session's row changes in place", async ({ page, open, start }) => {
  const runtime = await start();
  await play(small(1), runtime.proxy, "/@alice~one");
  await open("/sessions", runtime);
  const row = page.getByTestId("session-row");
  await expect(row.getByTitle("1 steps, 0 tool errors")).toBeVisible();
  await play(small(2), runtime.proxy, "/@alice~one");
  await expect(row.getByTitle("2 steps, 0 tool errors")).toBeVisible();
});

test("an unknown field is underlined and named, never a silent empty list", async ({ page, open }) => {
  await open("/sessions");
  await page.keyboard.press("/");
  await page.keyboard.type("agent:codex colour:red");
  await page.keyboard.press("Enter");
  const bar = page.getByRole("combobox", { name: "Filter sessions" });
  await expect(bar).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByRole("alert").first()).toContainText("colour");
  const wavy = page.locator(".decoration-wavy").first();
  await expect(wavy).toHaveText("colour:red");
  await expect(page.locator(".decoration-wavy").filter({ hasText: "agent" })).toHaveCount(0);
});

test("the query bar completes fields and values by keyboard, and filters", async ({ page, open }) => {
  await open("/sessions");
  await page.keyboard.press("/");
  await page.keyboard.type("ag");
  await expect(page.getByRole("option", { name: /agent:/ })).toBeVisible();
  await page.keyboard.press("Tab");
  await page.keyboard.type("codex");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("session-row")).toHaveCount(1);
  await expect(page).toHaveURL(/q=agent%3Acodex/);
  await page.getByRole("button", { name: "Clear filter" }).click();
  await expect(page.getByTestId("session-row").nth(5)).toBeVisible();
});

test("rules, actions and words find their sessions", async ({ page, open }) => {
  for (const [query, title] of [["rule:destructive-command", "checkout test"], ["action:inject agent:claude-code", "checkout test"], ['"night trains"', "European night trains"]] as const) {
    await open(`/sessions?q=${encodeURIComponent(query)}`);
    await expect(page.getByTestId("session-row").first()).toContainText(title);
    expect(await page.getByTestId("session-row").count()).toBeLessThan(4);
  }
});
