// Budgets and breakers in their states.
import { play } from "../world/agent.mjs";
import { test } from "../world/browser";
import { FLAKY } from "../world/means.mjs";
import { pictures } from "../world/picture";
import { checkout, codex, gemini, overloaded } from "../world/stories.mjs";

for (const theme of ["light", "dark"] as const) {
  test.describe(theme, () => {
    test.use({ colorScheme: theme });
    test.describe.configure({ timeout: 120_000 });
    const shoot = pictures(theme);

    test("breakers", async ({ page, open, start }) => {
      const runtime = await start({ "flaky.toml": FLAKY });
      await Promise.all([play(checkout, runtime.proxy), play(gemini, runtime.proxy, "/@invoice-reader"), play(codex, runtime.proxy)]);
      for (let call = 0; call < 12; call += 1) await play(overloaded, runtime.proxy);
      await open("/overview", runtime);
      await shoot(page, "breakers-overview");
      const row = page.getByRole("region", { name: "Circuit breakers" }).getByRole("listitem", { name: "provider gemini" });
      await row.getByRole("button", { name: "Hold open" }).click();
      await shoot(page, "breakers-held");
    });
  });
}
