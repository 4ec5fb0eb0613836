import { play } from "../world/agent.mjs";
import { expect, type Fresh, rowsOf, test } from "../world/browser";
import { begin, CAREFUL } from "../world/hand";
import { live } from "../world/stories.mjs";

/** A recorded run of three steps; its exchanges. */
async function recorded(runtime: Fresh, name: string) {
  const agent = begin(runtime, name);
  await Promise.all([agent.go(0), agent.go(1)]);
  await agent.ended;
  const { sessions } = (await runtime.rpc("list_sessions")) as any;
  const { rows } = (await runtime.rpc("list_timeline", { session: sessions[0].id, from: 0, count: 100 })) as any;
  return { session: sessions[0].id, exchanges: rows.filter((row: any) => row.kind === "model").map((row: any) => row.exchange) };
}

test("rewind from a step: the command to copy, what was replayed, and the difference that ended it", async ({ page, open, start }) => {
  const runtime = await start();
  const { session, exchanges } = await recorded(runtime, "again");
  await open(`/sessions/${session}/steps/${exchanges[2]}`, runtime);
  await page.getByRole("button", { name: "Rewind from here" }).click();
  const sheet = page.getByRole("dialog");
  await expect(sheet).toContainText(`switchtower run --from ${exchanges[2]} -- my-agent …`);
  await expect(sheet).toContainText("2 answers before this step come from the record");
  await expect(sheet).toContainText("own tools run again");
  await page.keyboard.press("Escape");

  const rewind = (await runtime.rpc("begin_rewind", { exchange: exchanges[2] })) as any;
  const results = () => () => ({ text: "13", error: false });
  await play({ ...live("again"), results }, runtime.proxy, `/@${rewind.agent}~${rewind.label}`);
  await open(`/sessions/${rewind.session}`, runtime);
  const line = page.getByRole("region", { name: "Rewind" });
  await expect(line).toContainText("1 of 2 answers from the record, then live: the request differs from the record");
  await expect(rowsOf(page).first()).toContainText("replayed");
  await expect(rowsOf(page).filter({ hasText: "replayed" })).toHaveCount(1);
  await line.getByRole("link", { name: "Show the difference" }).click();
  const ended = page.getByRole("region", { name: "Where the rewind ended" });
  await expect(ended).toContainText("Live from here: the request differs from the record");
  await expect(ended.getByRole("region", { name: /recorded request and this request/ })).toHaveCount(1);
  await expect(ended).toContainText("−Tool: result: 12");
  await expect(ended).toContainText("+Tool: result: 13");
  await line.getByRole("link", { name: "The recorded session" }).click();
  await expect(page).toHaveURL(new RegExp(session));
  await expect(page.getByRole("region", { name: "Rewind" })).toHaveCount(0);
});

test("fork from a step: without an own key it says how to give one, with one both answers stand beside each other", async ({ page, open, start, world }) => {
  process.env.SWITCHTOWER_TEST_KEY = "sk-of-the-users-own-0123456789";
  const own = `[providers.own]\ndialect = "openai"\nbase_url = "${world.provider}/v1"\napi_key = "env:SWITCHTOWER_TEST_KEY"\n`;
  const fork = async (runtime: Fresh, exchanges: string[], session: string, without?: string) => {
    await open(`/sessions/${session}/steps/${exchanges[0]}`, runtime);
    await page.getByRole("button", { name: "Fork from here" }).click();
    await page.getByRole("textbox", { name: "Another last message" }).fill("Tidy up the folder cellar, please.");
    await page.getByRole("combobox", { name: "Model" }).fill("gpt-5-nano");
    if (without) await page.getByRole("checkbox", { name: without }).uncheck();
    await page.getByRole("dialog").getByRole("button", { name: "Fork", exact: true }).click();
  };
  const poor = await start();
  const first = await recorded(poor, "attic");
  await poor.release("live-cellar-0");
  await fork(poor, first.exchanges, first.session);
  await expect(page.getByRole("dialog").getByRole("alert")).toContainText("agents' keys pass through and are not kept");
  await expect(page.getByRole("dialog").getByRole("alert")).toContainText('api_key = "env:NAME"');

  const runtime = await start({ "careful.toml": CAREFUL }, undefined, own);
  const { session, exchanges } = await recorded(runtime, "attic");
  await fork(runtime, exchanges, session, "careful/no-formats");
  await expect(page).toHaveURL(new RegExp(`/compare/${exchanges[0]}/exc_`));
  const screen = page.getByRole("region", { name: "Comparison" });
  await expect(screen.getByRole("row", { name: "Model" })).toContainText("gpt-5-mini");
  await expect(screen.getByRole("row", { name: "Model" })).toContainText("gpt-5-nano");
  await expect(screen.getByRole("region", { name: "Text", exact: true })).toContainText("The same in both.");
  await expect(screen.getByRole("region", { name: "Tool calls", exact: true })).toContainText('+  "folder": "cellar"');
  await screen.getByRole("link", { name: "Fork, step 0" }).click();
  const line = page.getByRole("region", { name: "Fork", exact: true });
  await expect(line).toContainText(`Forked from ${exchanges[0]} · gpt-5-nano · without careful/no-formats · “Tidy up the folder cellar, please.”`);
  await line.getByRole("link", { name: "Compare the answers" }).click();
  await expect(screen).toBeVisible();
});
