// Everything that policies show and offer, without a mouse: reached, used, and the focus never lost.
import type { Page } from "@playwright/test";
import { ACTS, quarter } from "../world/acts.mjs";
import { play } from "../world/agent.mjs";
import { expect, rowsOf, test } from "../world/browser";
import { begin } from "../world/hand";
import { FLAKY, MEANS } from "../world/means.mjs";
import { overloaded } from "../world/stories.mjs";

const focused = (page: Page) => page.locator(":focus");

/** Presses Tab until what has the focus is called `name`; further than `most` nobody tabs. */
async function tabTo(page: Page, name: string | RegExp, most = 24) {
  const said: string[] = [];
  for (let pressed = 0; pressed < most; pressed += 1) {
    await page.keyboard.press("Tab");
    const called = await focused(page).evaluate((one) => one.getAttribute("aria-label") ?? one.textContent ?? "");
    if (typeof name === "string" ? called === name : name.test(called)) return;
    said.push(called.slice(0, 40));
  }
  throw new Error(`${name} is not within ${most} stops: ${said.join(" | ")}`);
}

test("a card is found, its rule muted, forked around and edited", async ({ page, open, start }) => {
  const runtime = await start({ "quarter.toml": ACTS });
  await play({ ...quarter, most: 3 }, runtime.proxy);
  await open("/sessions", runtime);
  await page.getByTestId("session-row").first().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await rowsOf(page).first().waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("]");
  await page.keyboard.press("p");
  await expect(page.getByRole("tabpanel")).toBeFocused();
  await expect(page.getByRole("article", { name: "Intervention" }).first()).toBeVisible();
  await tabTo(page, "Mute for this session");
  await page.keyboard.press("Enter");
  await expect(focused(page)).toHaveAccessibleName("Unmute for this session");
  await page.keyboard.press("Space");
  await expect(focused(page)).toHaveAccessibleName("Mute for this session");
  await tabTo(page, "Fork without it", 2);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: /Fork from step/ })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(focused(page)).toHaveAccessibleName("Fork without it");
  // The way back: out of the step, into the rows.
  await page.keyboard.press("Escape");
  await expect(page.getByRole("tabpanel")).toHaveCount(0);
  await expect(page.getByRole("grid", { name: "Timeline" })).toBeFocused();
  await page.keyboard.press("p");
  await expect(page.getByRole("tabpanel")).toBeFocused();
  await expect(page.getByRole("article", { name: "Intervention" }).first()).toBeVisible();
  await tabTo(page, /Edit rule/);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/policies\/quarter\?rule=/);
});

test("arrows scroll what is read, and move through rows elsewhere", async ({ page, open, start }) => {
  const runtime = await start({ "quarter.toml": ACTS });
  await play({ ...quarter, most: 6 }, runtime.proxy);
  const { sessions } = (await runtime.rpc("list_sessions")) as any;
  await open(`/sessions/${sessions[0].id}`, runtime);
  await rowsOf(page).first().waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("ArrowDown");
  await expect(rowsOf(page).nth(1)).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("p");
  const panel = page.getByRole("tabpanel");
  await expect(panel).toBeFocused();
  await page.getByRole("article", { name: "Intervention" }).first().waitFor();
  for (let pressed = 0; pressed < 5; pressed += 1) await page.keyboard.press("ArrowDown");
  await expect.poll(() => panel.evaluate((one) => one.scrollTop)).toBeGreaterThan(0);
  await expect(rowsOf(page).nth(1)).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("j");
  await expect(rowsOf(page).nth(2)).toHaveAttribute("aria-selected", "true");
});

test("a budget is raised from its gauge, and the gauge has the focus again", async ({ page, open, start }) => {
  const runtime = await start({ "means.toml": MEANS });
  const live = begin(runtime, "keys");
  await open("/sessions?q=agent:live-demo", runtime);
  await page.getByTestId("session-row").first().click();
  await rowsOf(page).first().waitFor();
  await page.keyboard.press("s");
  await expect(page.getByRole("region", { name: "What rules read" })).toBeFocused();
  await tabTo(page, "Raise", 4);
  await page.keyboard.press("Enter");
  const sheet = page.getByRole("dialog", { name: "Set or raise a budget" });
  await expect(sheet.getByRole("textbox", { name: "Amount" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(focused(page)).toHaveAccessibleName("Raise");
  await page.keyboard.press("Enter");
  await page.keyboard.type("1000");
  await page.keyboard.press("Enter");
  await expect(sheet).toHaveCount(0);
  await expect(focused(page)).toHaveAccessibleName("Raise");
  await page.keyboard.press("s");
  await expect(focused(page)).toHaveAttribute("aria-expanded", "false");
  await live.go(0);
  await live.go(1);
  await live.ended;
});

test("a breaker is held and let go, and the focus stays with it", async ({ page, open, start }) => {
  const runtime = await start({ "flaky.toml": FLAKY });
  for (let call = 0; call < 4; call += 1) await play(overloaded, runtime.proxy);
  await open("/sessions", runtime);
  const told = page.getByRole("contentinfo").getByRole("link", { name: "anthropic: breaker open" });
  await told.focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/overview/);
  await tabTo(page, "Hold closed", 4);
  await page.keyboard.press("Enter");
  await expect(focused(page)).toHaveAccessibleName("Release");
  await page.keyboard.press("Enter");
  await expect(focused(page)).toHaveAccessibleName(/Hold/);
  await expect(page.getByRole("listitem", { name: "provider anthropic" }).locator(":focus")).toHaveCount(1);
});

test("an alert is told once, and putting it away leaves the focus somewhere", async ({ page, open, start }) => {
  const runtime = await start({ "quarter.toml": ACTS });
  await open("/overview", runtime);
  await play({ ...quarter, most: 3 }, runtime.proxy);
  const notice = page.getByRole("article", { name: "Alert desk" });
  await notice.waitFor();
  // What a screen reader hears of the region does not change with the clock.
  const heard = () => page.getByRole("region", { name: "New alerts" }).ariaSnapshot();
  const before = await heard();
  await page.waitForTimeout(2_500);
  expect(await heard()).toBe(before);
  await notice.getByRole("button", { name: "Dismiss alert" }).focus();
  await page.keyboard.press("Enter");
  await expect(notice).toHaveCount(0);
  expect(await page.evaluate(() => document.activeElement === document.body)).toBe(false);
});

test("a choice of a few is one stop, and arrows choose", async ({ page, open }) => {
  await open("/settings");
  await page.getByRole("radio", { name: "As the system" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("radio", { name: "Light" })).toBeFocused();
  await expect(page.getByRole("radio", { name: "Light" })).toHaveAttribute("aria-checked", "true");
  await page.keyboard.press("ArrowLeft");
  await expect(page.getByRole("radio", { name: "As the system" })).toHaveAttribute("aria-checked", "true");
});

test("the rail is passed in one press", async ({ page, open }) => {
  await open("/overview");
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.evaluate(() => (document.activeElement as HTMLElement)?.blur());
  await page.getByRole("button", { name: "Skip to the screen" }).focus();
  await page.keyboard.press("Enter");
  await tabTo(page, /Today|All time/, 1);
});
