// Rewind and fork in their states, light and dark. Nothing is judged here: a person looks.
import { play } from "../world/agent.mjs";
import { test } from "../world/browser";
import { begin, CAREFUL } from "../world/hand";
import { pictures } from "../world/picture";
import { live } from "../world/stories.mjs";

for (const theme of ["light", "dark"] as const) {
  test.describe(theme, () => {
    test.use({ colorScheme: theme });
    test.describe.configure({ timeout: 120_000 });
    const shoot = pictures(theme);

    test("rewind and fork", async ({ page, open, start, world }) => {
      process.env.SWITCHTOWER_TEST_KEY = "sk-of-the-users-own-0123456789";
      const own = `[providers.own]\ndialect = "openai"\nbase_url = "${world.provider}/v1"\napi_key = "env:SWITCHTOWER_TEST_KEY"\n`;
      const runtime = await start({ "careful.toml": CAREFUL }, undefined, own);
      const name = `attic-${theme}-again`;
      const agent = begin(runtime, name);
      await Promise.all([agent.go(0), agent.go(1)]);
      await agent.ended;
      const { sessions } = (await runtime.rpc("list_sessions")) as any;
      const { rows } = (await runtime.rpc("list_timeline", { session: sessions[0].id, from: 0, count: 100 })) as any;
      const exchanges = rows.filter((row: any) => row.kind === "model").map((row: any) => row.exchange);
      await open(`/sessions/${sessions[0].id}/steps/${exchanges[2]}`, runtime);
      await page.getByRole("button", { name: "Rewind from here" }).click();
      await shoot(page, "rewind-command");
      await page.keyboard.press("Escape");

      const rewind = (await runtime.rpc("begin_rewind", { exchange: exchanges[2] })) as any;
      const results = () => (call: { name: string }) => ({ text: call.name === "count_files" ? "12" : "no such file", error: false });
      await play({ ...live(name), results }, runtime.proxy, `/@${rewind.agent}~${rewind.label}`);
      await open(`/sessions/${rewind.session}`, runtime);
      await shoot(page, "rewind-session");
      await page.getByRole("link", { name: /Show (the difference|where)/ }).click();
      await shoot(page, "rewind-difference");
      await page.getByTestId("timeline-row").first().click();
      await shoot(page, "rewind-replayed");

      await runtime.release(`live-cellar-${theme}-0`);
      await open(`/sessions/${sessions[0].id}/steps/${exchanges[0]}`, runtime);
      await page.getByRole("button", { name: "Fork from here" }).click();
      await page.getByRole("combobox", { name: "Model" }).fill("gpt-5-nano");
      await page.getByRole("textbox", { name: "Another last message" }).fill(`Tidy up the folder cellar-${theme}, please.`);
      await shoot(page, "fork-form");
      await page.getByRole("radio", { name: "the whole request" }).click();
      await page.getByRole("textbox", { name: "Request body" }).waitFor();
      await shoot(page, "fork-request");
      await page.getByRole("radio", { name: "the last message" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Fork", exact: true }).click();
      await page.getByRole("region", { name: "Comparison" }).waitFor();
      await shoot(page, "fork-compared");
      await page.getByRole("link", { name: "Fork, step 0" }).click();
      await shoot(page, "fork-session");
    });
  });
}
