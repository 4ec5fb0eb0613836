// Circuit breakers: seen where they open, held and released by hand.
import { play } from "../world/agent.mjs";
import { overloaded, small } from "../world/stories.mjs";
import { FLAKY } from "../world/means.mjs";
import { expect, test } from "../world/browser";

test("a breaker that opens is told everywhere, and a person holds it or lets it go", async ({ page, open, start }) => {
  const runtime = await start({ "flaky.toml": FLAKY });
  await open("/overview", runtime);
  const list = page.getByRole("region", { name: "Circuit breakers" });
  await play(small(1), runtime.proxy);
  await expect(list.getByRole("listitem", { name: "provider openai" })).toContainText("closed");
  await expect(page.getByRole("contentinfo")).not.toContainText("breaker");
  for (let call = 0; call < 3; call += 1) await play(overloaded, runtime.proxy);
  const anthropic = list.getByRole("listitem", { name: "provider anthropic" });
  await expect(anthropic).toContainText("open");
  await expect(anthropic).toContainText("100 % of 3 calls failed");
  // What keeps calls off stands first.
  await expect(list.getByRole("listitem").first()).toHaveAttribute("aria-label", "provider anthropic");
  const told = page.getByRole("contentinfo").getByRole("link", { name: "anthropic: breaker open" });
  await expect(told).toBeVisible();
  await anthropic.getByRole("button", { name: "Hold closed" }).click();
  await expect(anthropic).toContainText("held closed");
  await expect(told).toHaveCount(0);
  await anthropic.getByRole("button", { name: "Release" }).click();
  await expect(anthropic).toContainText("closed");
  await expect(anthropic).not.toContainText("held");
  const openai = list.getByRole("listitem", { name: "provider openai" });
  await openai.getByRole("button", { name: "Hold open" }).click();
  await expect(openai).toContainText("held open");
  await expect(page.getByRole("contentinfo")).toContainText("openai: breaker held open");
});
