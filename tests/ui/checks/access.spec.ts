// No screen has a serious fault of access, in either theme: contrast, names, roles, order, what can be reached by keyboard.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { ACTS, quarter } from "../world/acts.mjs";
import { play } from "../world/agent.mjs";
import { expect, rowsOf, sessionOf, test } from "../world/browser";
import { CLAIMS, claims } from "../world/claims.mjs";
import { begin } from "../world/hand";
import { FLAKY, MEANS } from "../world/means.mjs";
import { overloaded } from "../world/stories.mjs";

test.describe.configure({ timeout: 180_000 });

/** What is line after line the same in a long difference. */
const REPEATED = '[aria-label="Before and after"] > div > div:nth-child(n + 6)';

/** What axe holds against the page as it stands, light and then dark. */
async function faults(page: Page, state: string, part = "body"): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.waitForFunction(
      (dark) => document.documentElement.classList.contains("dark") === dark,
      colorScheme === "dark",
    );
    const { violations } = await new AxeBuilder({ page }).include(part).exclude(REPEATED).analyze();
    for (const { id, impact, nodes } of violations) {
      if (impact !== "serious" && impact !== "critical") continue;
      found.push(
        ...nodes.map(
          (node) =>
            `${state}, ${colorScheme}: ${id} at ${node.target.join(" ")}: ${node.any[0]?.message ?? node.failureSummary} ${node.html.slice(0, 160)}`,
        ),
      );
    }
  }
  return found;
}

/** Skeletons are gone and nothing fades in. */
const settled = (page: Page) => page.waitForFunction(() => document.querySelector(".skeleton") === null);

test("screens", async ({ page, open, ask }) => {
  const wrong: string[] = [];
  for (const path of [
    "/overview",
    "/sessions",
    "/sessions?q=nothing:here",
    "/approvals",
    "/policies",
    "/policies/+new",
    "/policies/safe-tools?rule=destructive-command",
    "/connect",
    "/settings",
  ]) {
    await open(path);
    await settled(page);
    wrong.push(...(await faults(page, path)));
  }
  await page.keyboard.press("Control+k");
  wrong.push(...(await faults(page, "palette")));
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  wrong.push(...(await faults(page, "help")));
  await page.keyboard.press("Escape");
  const { id } = await sessionOf(ask, "claude-code");
  await open(`/sessions/${id}`);
  await rowsOf(page).first().waitFor();
  await page.keyboard.press("s");
  for (const mode of ["transcript", "steps", "waterfall"]) {
    await settled(page);
    wrong.push(...(await faults(page, mode)));
    await page.keyboard.press("t");
  }
  expect(wrong).toEqual([]);
});

test("a step's tabs", async ({ page, open, ask }) => {
  const wrong: string[] = [];
  const { id } = await sessionOf(ask, "claude-code");
  const { rows } = await ask("list_timeline", { session: id, from: 0, count: 40 });
  const { exchange } = rows.find((row) => row.acts.length > 0);
  for (const tab of ["messages", "truth", "tools", "stream", "policy", "raw"]) {
    await open(`/sessions/${id}/steps/${exchange}?tab=${tab}`);
    await page.getByRole("tabpanel").waitFor();
    await settled(page);
    wrong.push(...(await faults(page, tab)));
  }
  await page.getByRole("button", { name: "Fork from here" }).click();
  wrong.push(...(await faults(page, "fork")));
  expect(wrong).toEqual([]);
});

test("every card", async ({ page, open, start }) => {
  const wrong: string[] = [];
  const runtime = await start({ "quarter.toml": ACTS, "claims.toml": CLAIMS });
  await Promise.all([play({ ...quarter, most: 6 }, runtime.proxy), play(claims, runtime.proxy)]);
  const { interventions } = (await runtime.rpc("list_interventions", { limit: 200 })) as any;
  const actions = new Map(interventions.map((act) => [act.action, act]));
  const steps = new Map([...actions.values()].map((act: any) => [act.exchange, act]));
  for (const { session, exchange, action } of steps.values()) {
    await open(`/sessions/${session}/steps/${exchange}?tab=policy`, runtime);
    await page.getByRole("article", { name: "Intervention" }).first().waitFor();
    await settled(page);
    wrong.push(...(await faults(page, action, "[role=tabpanel]")));
  }
  await page.getByRole("contentinfo").getByRole("button", { name: /alert/ }).click();
  wrong.push(...(await faults(page, "alerts")));
  expect(wrong).toEqual([]);
});

test("what is live", async ({ page, open, start }) => {
  const wrong: string[] = [];
  const runtime = await start({
    "flaky.toml": FLAKY,
    "broken.toml": 'version = 1\nname = "broken"\n[[rule]\n',
  });
  for (let call = 0; call < 4; call += 1) await play(overloaded, runtime.proxy);
  await open("/overview", runtime);
  await page
    .getByRole("region", { name: "Circuit breakers" })
    .getByRole("button", { name: "Hold closed" })
    .first()
    .click();
  wrong.push(...(await faults(page, "breakers")));
  await open("/policies/broken", runtime);
  await page.getByTestId("wrong").first().waitFor();
  wrong.push(...(await faults(page, "a broken policy")));
  const means = await start({ "means.toml": MEANS });
  const live = begin(means, "reachable");
  await open("/sessions?q=agent:live-demo", means);
  await page.getByTestId("session-row").first().click();
  await rowsOf(page).first().waitFor();
  wrong.push(...(await faults(page, "a live session")));
  await page
    .getByRole("button", { name: /Raise budget/ })
    .first()
    .click();
  wrong.push(...(await faults(page, "raising a budget")));
  await page.keyboard.press("Escape");
  await live.go(0);
  await live.go(1);
  await live.ended;
  expect(wrong).toEqual([]);
});
