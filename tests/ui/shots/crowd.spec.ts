// More of everything than fits, and windows that are too narrow or very wide for it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { play } from "../world/agent.mjs";
import { rowsOf, test } from "../world/browser";
import { BREAKERS, BUDGETS, BUSY, everyTool, LONG, LONG_NAMES, rules } from "../world/crowd.mjs";
import { pictures } from "../world/picture";
import { checkout, crawl, small } from "../world/stories.mjs";

const WIDTHS = {
  narrow: { width: 900, height: 700 },
  wide: { width: 2560, height: 1300 },
  usual: { width: 1440, height: 900 },
};

for (const theme of ["light", "dark"] as const) {
  test.describe(theme, () => {
    test.use({ colorScheme: theme });
    test.describe.configure({ timeout: 240_000 });
    const shoot = pictures(theme);
    const latest = async (runtime) => ((await runtime.rpc("list_sessions", {})) as any).sessions[0].id;
    const eachWidth = async (page, name: string) => {
      for (const [width, size] of Object.entries(WIDTHS)) {
        await page.setViewportSize(size);
        await shoot(page, `${name}-${width}`);
      }
    };

    test("a thousand rules", async ({ page, open, start }) => {
      const runtime = await start({ "crowd.toml": rules(1000) });
      await play(small(1), runtime.proxy);
      const session = await latest(runtime);
      const { rows } = (await runtime.rpc("list_timeline", { session, from: 0, count: 1 })) as any;
      await open(`/sessions/${session}/steps/${rows[0].exchange}?tab=policy`, runtime);
      await page.getByRole("article", { name: "Intervention" }).first().waitFor();
      await shoot(page, "crowd-rules");
      await page.getByRole("button", { name: /did not match/ }).click();
      await page.getByRole("button", { name: /did not match/ }).evaluate((one) => one.scrollIntoView());
      await shoot(page, "crowd-rules-open");
      await open("/policies/crowd?rule=rule-0500", runtime);
      await shoot(page, "crowd-policy");
    });

    test("two hundred interventions", async ({ page, open, start }) => {
      const runtime = await start({ "busy.toml": BUSY });
      await play(crawl(100), runtime.proxy);
      await open(`/sessions/${await latest(runtime)}`, runtime);
      await rowsOf(page).first().waitFor();
      await shoot(page, "crowd-busy");
      await open("/overview", runtime);
      await shoot(page, "crowd-busy-overview");
      await open("/policies/busy", runtime);
      await page.getByText(/In shadow, 1 rule/).click();
      await shoot(page, "crowd-busy-flips");
    });

    test("long names", async ({ page, open, start }) => {
      const runtime = await start({ "long.toml": LONG_NAMES });
      await play({ ...checkout, most: 4 }, runtime.proxy);
      const session = ((await runtime.rpc("list_sessions", { query: "agent:claude-code" })) as any).sessions.at(-1).id;
      const { interventions } = (await runtime.rpc("list_interventions", { limit: 20 })) as any;
      await open(`/sessions/${session}`, runtime);
      await rowsOf(page).first().waitFor();
      await eachWidth(page, "long-session");
      await page.keyboard.press("s");
      await eachWidth(page, "long-standing");
      await page.keyboard.press("s");
      const act = interventions.find((one) => one.action === "inject");
      await open(`/sessions/${act.session}/steps/${act.exchange}?tab=policy`, runtime);
      await page.getByRole("article", { name: "Intervention" }).first().waitFor();
      await eachWidth(page, "long-card");
      await open("/overview", runtime);
      await eachWidth(page, "long-overview");
      writeFileSync(
        join(runtime.folder, "policies", "long.toml"),
        LONG_NAMES.replace("run.steps == 1", "run.step == 1"),
      );
      await open(`/policies/${LONG}`, runtime);
      await page.getByTestId("wrong").first().waitFor();
      await eachWidth(page, "long-policy");
    });

    test("twelve budgets", async ({ page, open, start }) => {
      const runtime = await start({ "twelve.toml": BUDGETS });
      await play({ ...checkout, most: 6 }, runtime.proxy);
      const session = ((await runtime.rpc("list_sessions", { query: "agent:claude-code" })) as any).sessions.at(-1).id;
      await open(`/sessions/${session}`, runtime);
      await rowsOf(page).first().waitFor();
      await page.keyboard.press("s");
      await eachWidth(page, "crowd-budgets");
      await open("/overview", runtime);
      await shoot(page, "crowd-budgets-overview");
    });

    test("forty breakers", async ({ page, open, start }) => {
      const runtime = await start({ "tools.toml": BREAKERS });
      await play(everyTool, runtime.proxy);
      await open("/overview", runtime);
      await eachWidth(page, "crowd-breakers");
      await page.getByRole("button", { name: /Show all 40/ }).click();
      await shoot(page, "crowd-breakers-all");
    });
  });
}
