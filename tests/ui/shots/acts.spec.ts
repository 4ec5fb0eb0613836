// Every action's card, the policy tab of a step, and alerts.
import { play } from "../world/agent.mjs";
import { ACTS, quarter } from "../world/acts.mjs";
import { rowsOf, test } from "../world/browser";
import { pictures } from "../world/picture";

for (const theme of ["light", "dark"] as const) {
  test.describe(theme, () => {
    test.use({ colorScheme: theme });
    test.describe.configure({ timeout: 120_000 });
    const shoot = pictures(theme);

    test("acts", async ({ page, open, start }) => {
      const runtime = await start({ "quarter.toml": ACTS });
      await play({ ...quarter, most: 6 }, runtime.proxy, "/@quarter-report", 4);
      const { sessions } = (await runtime.rpc("list_sessions", {})) as any;
      const session = sessions[0].id;
      await open(`/sessions/${session}`, runtime);
      await rowsOf(page).first().waitFor();
      await page.keyboard.press("g");
      await shoot(page, "acts-session");
      const { rows } = (await runtime.rpc("list_timeline", { session, from: 0, count: 100 })) as any;
      await page.setViewportSize({ width: 1440, height: 1600 });
      const steps = new Map(rows.filter((row) => row.acts.length > 0).map((row) => [row.exchange, row.acts[0].action]));
      for (const [exchange, action] of steps) {
        await open(`/sessions/${session}/steps/${exchange}?tab=policy`, runtime);
        await page.getByRole("article", { name: "Intervention" }).first().waitFor();
        await shoot(page, `acts-${action}`);
      }
      await page.setViewportSize({ width: 1440, height: 900 });
      await open("/sessions", runtime);
      await play({ ...quarter, most: 3 }, runtime.proxy, "/@quarter-report");
      await page.getByRole("article", { name: "Alert desk" }).waitFor();
      await shoot(page, "alert-notice");
      await page.getByRole("button", { name: "Dismiss alert" }).click();
      await page.getByRole("contentinfo").getByRole("button", { name: /alerts/ }).click();
      await shoot(page, "alert-list");
    });
  });
}
