// A card for every action, the policy tab of a step, and alerts.

import { ACTS, quarter } from "../world/acts.mjs";
import { play } from "../world/agent.mjs";
import { rowsOf, test } from "../world/browser";
import { CLAIMS, claims } from "../world/claims.mjs";
import { pictures } from "../world/picture";

const SHADOW = "would-";

for (const theme of ["light", "dark"] as const) {
  test.describe(theme, () => {
    test.use({ colorScheme: theme });
    test.describe.configure({ timeout: 180_000 });
    const shoot = pictures(theme);

    /** A picture of the session, then one of the first card of each kind. */
    const cards = async (page, open, runtime, name: string) => {
      const { sessions } = (await runtime.rpc("list_sessions", {})) as any;
      const session = sessions[0].id;
      await open(`/sessions/${session}`, runtime);
      await rowsOf(page).first().waitFor();
      await page.keyboard.press("g");
      await shoot(page, `${name}-session`);
      const { interventions } = (await runtime.rpc("list_interventions", { session, limit: 100 })) as any;
      await page.setViewportSize({ width: 1440, height: 1100 });
      const seen = new Set<string>();
      for (const act of interventions.toReversed()) {
        const kind = `${act.mode === "shadow" ? SHADOW : ""}${act.action}${/^Could not/.test(act.summary) ? "-not" : ""}`;
        if (seen.has(kind)) continue;
        seen.add(kind);
        await open(`/sessions/${session}/steps/${act.exchange}?tab=policy`, runtime);
        const card = page
          .getByRole("article", { name: "Intervention" })
          .filter({ hasText: act.summary.replace(/^Would have: /, "").split(": ")[0] })
          .first();
        await page.getByRole("article", { name: "Intervention" }).first().waitFor();
        if ((await card.count()) > 0) await card.evaluate((one) => one.scrollIntoView({ block: "start" }));
        await shoot(page, `${name}-${kind}`);
      }
      await page.setViewportSize({ width: 1440, height: 900 });
    };

    test("acts", async ({ page, open, start }) => {
      const runtime = await start({ "quarter.toml": ACTS });
      await play({ ...quarter, most: 6 }, runtime.proxy, "/@quarter-report", 4);
      await cards(page, open, runtime, "acts");
      await open("/sessions", runtime);
      await play({ ...quarter, most: 3 }, runtime.proxy, "/@quarter-report");
      await page.getByRole("article", { name: "Alert desk" }).waitFor();
      await shoot(page, "alert-notice");
      await page.getByRole("button", { name: "Dismiss alert" }).click();
      await page
        .getByRole("contentinfo")
        .getByRole("button", { name: /alerts/ })
        .click();
      await shoot(page, "alert-list");
    });

    test("claims", async ({ page, open, start }) => {
      const runtime = await start({ "claims.toml": CLAIMS });
      await play(claims, runtime.proxy, "/@claims-desk");
      await cards(page, open, runtime, "claims");
    });
  });
}
