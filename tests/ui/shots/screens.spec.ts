// Every screen in its states, light and dark. Nothing is judged here: a person looks.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { play } from "../world/agent.mjs";
import { rowsOf, sessionOf, test } from "../world/browser";
import { pictures } from "../world/picture";
import { checkout, live, small } from "../world/stories.mjs";

for (const theme of ["light", "dark"] as const) {
  test.describe(theme, () => {
    test.use({ colorScheme: theme });
    test.describe.configure({ timeout: 120_000 });
    const shoot = pictures(theme);

    test("lists and forms", async ({ page, open, start }) => {
      await open("/sessions");
      await page.getByTestId("session-row").nth(10).waitFor();
      await page.keyboard.press("j");
      await page.keyboard.press("j");
      await shoot(page, "sessions");
      await page.keyboard.press("/");
      await page.keyboard.type("agent:");
      await page.keyboard.press("Backspace");
      await page.keyboard.press("Backspace");
      await shoot(page, "sessions-completion");
      await open("/sessions?q=colour:red");
      await page.getByRole("alert").first().waitFor();
      await shoot(page, "sessions-wrong-query");
      await open("/sessions?q=agent:nobody");
      await shoot(page, "sessions-no-match");
      for (const [key, name] of [["1", "overview"], ["3", "approvals"], ["4", "policies"], ["5", "connect-waiting"], ["6", "settings"]] as const) {
        await page.keyboard.press(key);
        await shoot(page, name);
      }
      await page.keyboard.press("1");
      await page.getByRole("radio", { name: "All time" }).click();
      await shoot(page, "overview-ever");
      await open("/policies/safe-tools");
      await page.getByText("destructive-command").first().click();
      await shoot(page, "policies-rule");
      await page.keyboard.press("?");
      await shoot(page, "help");
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+k");
      await shoot(page, "palette");
      await page.keyboard.type("refund");
      await shoot(page, "palette-search");
      await open("/nowhere");
      await shoot(page, "not-found");

      const runtime = await start({ "careful.toml": 'version = 1\nname = "careful"\nmax_tool_errors = 3\n' });
      await open("/sessions", runtime);
      await shoot(page, "sessions-empty");
      await page.keyboard.press("1");
      await shoot(page, "overview-empty");
      await page.keyboard.press("5");
      await page.getByTestId("waiting").waitFor();
      await play({ ...checkout, most: 1 }, runtime.proxy);
      await page.getByTestId("connected").waitFor();
      await shoot(page, "connect-green");
      await page.keyboard.press("2");
      await page.keyboard.press("j");
      for (const number of [1, 2, 3]) await play(small(number), runtime.proxy);
      await page.getByRole("button", { name: /new/ }).waitFor();
      await shoot(page, "sessions-arrived");
      writeFileSync(join(runtime.folder, "policies", "careful.toml"), 'version = 1\nname = "careful"\nmax_tool_erors = 3\n');
      await open("/policies/careful", runtime);
      await page.getByTestId("wrong").waitFor();
      await shoot(page, "policies-error");
      await page.route("**/rpc/list_sessions", () => undefined);
      await open("/sessions", runtime);
      await page.waitForTimeout(300);
      await shoot(page, "sessions-loading", { loading: true });
      await page.unroute("**/rpc/list_sessions");
      await runtime.stop();
      await page.getByRole("contentinfo").getByText("Not live").waitFor();
      await shoot(page, "runtime-gone", { loading: true });
      await page.goto("about:blank");
    });

    test("sessions and steps", async ({ page, open, ask, start }) => {
      const main = await sessionOf(ask, "claude-code");
      const { rows } = await ask("list_timeline", { session: main.id, from: 0, count: 100 });
      await open(`/sessions/${main.id}`);
      await rowsOf(page).first().waitFor();
      for (const mode of ["transcript", "second", "third"]) {
        await shoot(page, `session-${mode}`);
        await page.keyboard.press("t");
      }
      const at = (action: string, mode = "enforce") => rows.find((row) => row.acts.some((act) => act.action === action && act.mode === mode)).exchange;
      for (const tab of ["messages", "truth", "tools", "stream", "policy", "raw"]) {
        await open(`/sessions/${main.id}/steps/${at("inject")}?tab=${tab}`);
        await page.getByRole("tabpanel").waitFor();
        await shoot(page, `step-${tab}`);
      }
      // The README's picture.
      await open(`/sessions/${main.id}`);
      await rowsOf(page).first().waitFor();
      await page.keyboard.press("g");
      await rowsOf(page).filter({ hasText: "injected" }).getByText("injected").click();
      await page.getByRole("article", { name: "Intervention" }).waitFor();
      await shoot(page, "readme");
      await open(`/sessions/${main.id}/steps/${at("block")}?tab=truth`);
      await shoot(page, "step-truth-blocked");
      await open(`/sessions/${main.id}/steps/${at("block")}?tab=policy`);
      await shoot(page, "card-blocked");
      await open(`/sessions/${main.id}/steps/${at("block", "shadow")}?tab=policy`);
      await shoot(page, "card-shadow");
      for (const agent of ["nightly-crawler", "deploy-watcher", "research-assistant", "scraper*", "support*", "invoice-reader", "codex"]) {
        const session = await sessionOf(ask, agent);
        await open(`/sessions/${session.id}`);
        await rowsOf(page).first().waitFor();
        await shoot(page, `session-${agent.replace("*", "")}`);
      }
      const refused = await sessionOf(ask, "research-assistant");
      const found = await ask("list_timeline", { session: refused.id, from: 0, count: 100 });
      await open(`/sessions/${refused.id}/steps/${found.rows.findLast((row) => row.kind === "model").exchange}?tab=truth`);
      await shoot(page, "step-refused");
      const evil = await sessionOf(ask, "scraper*");
      const hostile = await ask("list_timeline", { session: evil.id, from: 0, count: 100 });
      await open(`/sessions/${evil.id}/steps/${hostile.rows[0].exchange}`);
      await shoot(page, "step-hostile");
      await open("/sessions/ses_0000000000000");
      await shoot(page, "session-missing");

      const runtime = await start();
      const name = `den-${theme}`;
      const playing = play(live(name), runtime.proxy);
      await open("/sessions", runtime);
      await page.getByTestId("session-row").click();
      await runtime.release(`live-${name}-0`);
      await rowsOf(page).nth(2).waitFor();
      await shoot(page, "session-live");
      await page.setViewportSize({ width: 900, height: 600 });
      await shoot(page, "session-narrow");
      await runtime.release(`live-${name}-1`);
      await playing;
    });
  });
}
