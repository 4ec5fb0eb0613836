// Budgets as gauges: in a session, with what a call under way may still use, raised by hand; and shared ones on the overview.
import { begin } from "../world/hand";
import { play } from "../world/agent.mjs";
import { MEANS } from "../world/means.mjs";
import { small } from "../world/stories.mjs";
import { expect, test } from "../world/browser";

const TIGHT = `version = 1
name = "means"

[budget.session]
per = "session"
limit_tokens = 4_000
`;

test("a session's gauge moves while it runs, and leads to another limit", async ({ page, open, start }) => {
  const runtime = await start({ "means.toml": TIGHT });
  const { go, ended } = begin(runtime, "pantry");
  await open("/sessions", runtime);
  await page.getByTestId("session-row").first().click();
  const line = page.getByRole("region", { name: "Standing", exact: true });
  const gauge = line.getByRole("button", { name: /Raise budget: session/ });
  // The call under way has something reserved.
  await expect(gauge).toHaveAccessibleName(/0 tokens of 4,000 tokens used, 0 %; [\d,]+ tokens reserved for calls under way/);
  await go(0);
  await expect(gauge).toHaveAccessibleName(/[1-9][\d,]* tokens of 4,000 tokens used/);
  await gauge.click();
  const sheet = page.getByRole("dialog", { name: "Set or raise a budget" });
  await expect(sheet.getByRole("combobox", { name: "Budget" })).toHaveValue("means/budget.session");
  await expect(sheet).toContainText("Its limit is 4,000 tokens now.");
  await sheet.getByRole("textbox", { name: "Amount" }).fill("6000");
  await page.keyboard.press("Enter");
  await expect(sheet).toHaveCount(0);
  await expect(gauge).toHaveAccessibleName(/of 10,000 tokens used/);
  await page.keyboard.press("s");
  const all = page.getByRole("region", { name: "What rules read" });
  await expect(all.getByRole("region", { name: "Budgets" }).getByRole("listitem")).toContainText("of 10,000 tokens");
  await go(1);
  await ended;
});

test("the overview tells the budgets that sessions share, the fullest first", async ({ page, open, start }) => {
  const runtime = await start({ "means.toml": MEANS });
  await open("/overview", runtime);
  const budgets = page.getByRole("region", { name: "Budgets of days and agents" });
  await expect(budgets.getByRole("listitem")).toContainText("day");
  for (const number of [1, 2, 3]) await play(small(number), runtime.proxy);
  await expect(budgets.getByRole("listitem").filter({ hasText: "agent changelog-writer" })).toContainText("of 14,000 tokens");
  await expect(budgets.getByRole("listitem").filter({ hasText: "the day" })).toHaveAccessibleName(/\$0\.\d+ of \$0\.50 used/);
});
