// Budgets and breakers in their states.
import { play } from "../world/agent.mjs";
import { rowsOf, test } from "../world/browser";
import { begin } from "../world/hand";
import { FLAKY, MEANS } from "../world/means.mjs";
import { pictures } from "../world/picture";
import { checkout, codex, gemini, overloaded, research, small } from "../world/stories.mjs";

for (const theme of ["light", "dark"] as const) {
  test.describe(theme, () => {
    test.use({ colorScheme: theme });
    test.describe.configure({ timeout: 120_000 });
    const shoot = pictures(theme);

    test("budgets", async ({ page, open, start }) => {
      const runtime = await start({ "means.toml": MEANS });
      await Promise.all([play(checkout, runtime.proxy), play(research, runtime.proxy, "/@research-assistant"), ...[1, 2, 3, 4].map((number) => play(small(number), runtime.proxy))]);
      await open("/overview", runtime);
      await shoot(page, "budgets-overview");
      await open("/sessions?q=agent:claude-code", runtime);
      await page.getByTestId("session-row").last().click();
      await rowsOf(page).first().waitFor();
      await shoot(page, "budgets-session");
      await page.keyboard.press("s");
      await shoot(page, "budgets-open");
      const live = begin(runtime, `loft-${theme}`);
      await open("/sessions?q=agent:live-demo", runtime);
      await page.getByTestId("session-row").first().click();
      await rowsOf(page).first().waitFor();
      await shoot(page, "budgets-reserved");
      await page.getByRole("button", { name: /Raise budget/ }).first().click();
      await shoot(page, "budgets-raise");
      await page.keyboard.press("Escape");
      await page.setViewportSize({ width: 900, height: 600 });
      await shoot(page, "budgets-narrow");
      await live.go(0);
      await live.go(1);
      await live.ended;
    });

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
