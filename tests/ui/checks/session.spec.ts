import { play } from "../world/agent.mjs";
import { CRAWL, live } from "../world/stories.mjs";
import { expect, rowsOf, sessionOf, test } from "../world/browser";

const timeline = (page) => page.getByRole("grid", { name: "Timeline" });
const selected = (page) => page.locator('[data-testid=timeline-row][aria-selected=true]');

/** How many pixels of the strip's first lane are in the model's blue. */
const modelPixels = (page) =>
  page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>("[data-testid=strip] canvas");
    const { data } = canvas?.getContext("2d")?.getImageData(0, 8, canvas.width, 1) ?? { data: [] };
    let blue = 0;
    for (let at = 0; at < data.length; at += 4) if (data[at + 2] > 200 && data[at] < 120) blue += 1;
    return blue;
  });

test("a session is followed live while its agent runs, its blocked call in its place", async ({ page, open, start }) => {
  const runtime = await start({
    "no-deletes.toml": 'version = 1\nname = "no-deletes"\n[[rule]]\nid = "no-deleting"\non = "tool.call"\nwhen = "tool.name == \'delete_file\'"\ndo = [{ block = { text = "Deleting needs a person." } }]\n',
  });
  const playing = play(live("shed"), runtime.proxy);
  await open("/sessions", runtime);
  await page.getByTestId("session-row").filter({ hasText: "Tidy up the folder shed" }).click();
  await expect(rowsOf(page)).toHaveCount(1);
  await expect(rowsOf(page).first()).toContainText("open");
  await runtime.release("live-shed-0");
  await expect(rowsOf(page).filter({ hasText: "count_files" }).first()).toBeVisible();
  await expect(rowsOf(page)).toHaveCount(3);
  await runtime.release("live-shed-1");
  await playing;
  await expect(rowsOf(page)).toHaveCount(4);
  // The strip grew with it: its model lane is drawn, over more than the first moment.
  await expect.poll(() => modelPixels(page)).toBeGreaterThan(100);
  const pill = rowsOf(page).filter({ hasText: "blocked" }).first();
  await expect(pill).toContainText("gpt-5-mini");
  await pill.getByText("blocked").click();
  await expect(page.getByRole("tab", { name: /Policy/ })).toHaveAttribute("aria-selected", "true");
  const card = page.getByRole("article", { name: "Intervention" });
  await expect(card).toContainText("no-deleting");
  await expect(card).toContainText("delete_file");
  await expect(card.getByRole("group", { name: "Condition" })).toHaveText("tool.name == 'delete_file'");
  await card.getByRole("link", { name: "Edit rule" }).click();
  await expect(page.getByRole("heading", { name: "no-deletes" })).toBeVisible();
});

test("rows say model, tool, text, tokens, cost and time, errors and interventions in their places", async ({ page, open, ask }) => {
  const session = await sessionOf(ask, "claude-code");
  await open(`/sessions/${session.id}`);
  await page.keyboard.press("g");
  const { rows } = await ask("list_timeline", { session: session.id, from: 0, count: 100 });
  await expect(rowsOf(page)).toHaveCount(rows.length);
  await expect(rowsOf(page).filter({ hasText: "side" })).toHaveCount(1);
  for (const row of rows) {
    const shown = page.locator(`#step-${row.index}`);
    await expect(shown).toHaveAttribute("data-kind", row.kind);
    if (row.kind === "model") await expect(shown).toContainText(row.name);
    if (row.acts.length > 0) await expect(shown).toContainText(/injected|blocked/);
    if (row.kind === "tool" && row.state === "failed") await expect(shown.getByLabel("error")).toBeVisible();
  }
  await expect(rowsOf(page).filter({ hasText: "would have blocked" })).toHaveCount(1);
});

test("everything is reachable by keyboard alone", async ({ page, open, ask }) => {
  const session = await sessionOf(ask, "claude-code");
  const { rows, total } = await ask("list_timeline", { session: session.id, from: 0, count: 100 });
  await open("/sessions?q=agent:claude-code");
  await page.getByTestId("session-row").first().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(timeline(page)).toBeVisible();
  await rowsOf(page).first().waitFor();
  const at = async (index: number) => expect(selected(page)).toHaveAttribute("id", `step-${index}`);
  await page.keyboard.press("g");
  await at(0);
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await at(2);
  await page.keyboard.press("k");
  await at(1);
  await page.keyboard.press("G");
  await at(total - 1);
  await page.keyboard.press("g");
  await page.keyboard.press("e");
  await at(rows.findIndex((row) => row.state === "failed"));
  const acts = rows.filter((row) => row.interventions.length > 0).map((row) => row.index);
  await page.keyboard.press("g");
  await page.keyboard.press("]");
  await at(acts[0]);
  await page.keyboard.press("]");
  await at(acts[1]);
  await page.keyboard.press("[");
  await at(acts[0]);
  await page.keyboard.press("p");
  await expect(page.getByRole("article", { name: "Intervention" })).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("tab", { name: "Messages" })).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("d");
  await expect(page.getByRole("tab", { name: "Truth" })).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("l");
  await expect(page.getByRole("tab", { name: "Tools" })).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("region", { name: "Step" })).toHaveCount(0);
  for (const mode of ["Steps", "Waterfall", "Transcript"]) {
    await page.keyboard.press("t");
    await expect(page.getByRole("radio", { name: mode })).toHaveAttribute("aria-checked", "true");
  }
  await page.keyboard.press("f");
  await expect(page.getByRole("button", { name: "Following" })).toBeVisible();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard" })).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("region", { name: "Sessions" })).toBeVisible();
});

test("a thousand rows scroll with few of them in the page", async ({ page, open, ask }) => {
  const session = await sessionOf(ask, "nightly-crawler");
  const total = CRAWL * 2 + 1;
  await open(`/sessions/${session.id}`);
  await expect(timeline(page)).toHaveAttribute("aria-rowcount", String(total));
  // It follows: the newest row is on the screen.
  await expect(page.locator(`#step-${total - 1}`)).toBeVisible();
  const seen: number[] = [];
  for (let turn = 0; turn < 12; turn += 1) {
    await page.getByTestId("timeline").hover();
    await page.mouse.wheel(0, -2400);
    seen.push(await rowsOf(page).count());
  }
  expect(Math.max(...seen)).toBeLessThan(80);
  await expect(page.getByRole("button", { name: "Follow", exact: true })).toBeVisible();
  await page.keyboard.press("g");
  await expect(page.locator("#step-0")).toBeVisible();
  await expect(page.locator("#step-0")).toContainText("gpt-5-nano");
  expect(await page.locator("*").count()).toBeLessThan(3000);
});

test("the strip goes where it is clicked", async ({ page, open, ask }) => {
  const session = await sessionOf(ask, "nightly-crawler");
  await open(`/sessions/${session.id}`);
  const strip = page.getByTestId("strip").getByRole("img");
  await rowsOf(page).first().waitFor();
  const box = await strip.boundingBox();
  if (!box) throw new Error("no strip");
  await strip.click({ position: { x: box.width / 2, y: 8 } });
  await expect(selected(page)).toBeVisible();
  const index = Number((await selected(page).getAttribute("id"))?.slice(5));
  const { rows } = await ask("list_timeline", { session: session.id, from: index, count: 1 });
  const [from, at, to] = [session.started_at, rows[0].started_at, session.last_at].map(Date.parse);
  expect((at - from) / (to - from)).toBeGreaterThan(0.45);
  expect((at - from) / (to - from)).toBeLessThan(0.55);
});

test("the context is drawn from a few requests, and told in words", async ({ page, open, ask }) => {
  const session = await sessionOf(ask, "nightly-crawler");
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await open(`/sessions/${session.id}`);
  const strip = page.getByTestId("strip").getByRole("img");
  await expect(strip).toHaveAttribute("aria-label", /context: [\d.]+k tokens: tools \d+ · history [\d.]+k · results [\d.]+k/);
  expect(asked.filter((path) => path === "/rpc/get_exchange").length).toBeLessThan(30);
  const box = await strip.boundingBox();
  await strip.hover({ position: { x: (box?.width ?? 0) / 2, y: 90 } });
  await expect(strip).toContainText(/tokens: .*history/);
});

test("a step's address opens its session at its row", async ({ page, open, ask }) => {
  const session = await sessionOf(ask, "nightly-crawler");
  const { rows } = await ask("list_timeline", { session: session.id, from: 700, count: 1 });
  await open(`/sessions/${session.id}/steps/${rows[0].exchange}`);
  await expect(page.getByRole("region", { name: "Step" })).toContainText(`Step ${rows[0].step}`);
  await expect(selected(page)).toHaveAttribute("id", "step-700");
});
