import { play } from "../world/agent.mjs";
import { checkout } from "../world/stories.mjs";
import { expect, test } from "../world/browser";

test("connect turns green on the first request and says what it recognised", async ({ page, open, start }) => {
  const runtime = await start();
  await open("/connect", runtime);
  await expect(page.getByTestId("waiting")).toContainText("Waiting for the first request");
  await play({ ...checkout, most: 1 }, runtime.proxy);
  const connected = page.getByTestId("connected");
  await expect(connected).toContainText("claude-code is connected, using claude-sonnet-4-5");
  await expect(connected).toContainText(/process \S+ in \S+/);
  await expect(connected).toContainText("The checkout test has timed out on CI");
  await connected.getByRole("link", { name: "Open session" }).click();
  await expect(page.getByRole("grid", { name: "Timeline" })).toBeVisible();
});

test("connect gives each agent the exact address", async ({ page, open, world }) => {
  await open("/connect");
  await page.getByRole("option", { name: "Claude Code" }).click();
  await expect(page.locator("pre").filter({ hasText: "ANTHROPIC_BASE_URL" })).toContainText(`export ANTHROPIC_BASE_URL=${world.proxy}`);
  await page.getByRole("option", { name: /OpenAI SDK/ }).first().click();
  await expect(page.locator("pre").filter({ hasText: "OPENAI_BASE_URL" })).toContainText(`export OPENAI_BASE_URL=${world.proxy}/v1`);
});
