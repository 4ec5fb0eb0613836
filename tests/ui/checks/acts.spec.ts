// What rules did, on cards; what they told somebody, over the page and in a list.
import { play } from "../world/agent.mjs";
import { ACTS, quarter } from "../world/acts.mjs";
import { expect, rowsOf, test } from "../world/browser";

const cards = (page) => page.getByRole("article", { name: "Intervention" });

test("a card says who, why, with what effect, and what was tried before; from it a rule is edited or forked around", async ({ page, open, start }) => {
  const runtime = await start({ "quarter.toml": ACTS });
  await play({ ...quarter, most: 5 }, runtime.proxy);
  const { sessions } = (await runtime.rpc("list_sessions")) as any;
  await open(`/sessions/${sessions[0].id}`, runtime);
  await page.keyboard.press("g");
  await rowsOf(page).first().getByText("injected").click();
  const injected = cards(page).filter({ hasText: "Injected a user message" });
  await expect(injected).toContainText("Rule slow-start of policy quarter");
  await expect(injected).toContainText("reroute, which did not apply: that model is in use");
  await expect(injected).toContainText("(estimated)");
  await expect(injected.getByRole("region", { name: "Before and after" })).toContainText("Work from the ledger");
  await injected.getByRole("button", { name: "Fork without it" }).click();
  const fork = page.getByRole("dialog", { name: /Fork from step 0/ });
  await expect(fork.getByRole("checkbox", { name: "quarter/slow-start" })).not.toBeChecked();
  await expect(fork.getByRole("checkbox", { name: "quarter/long-pages" })).toBeChecked();
  await page.keyboard.press("Escape");
  await injected.getByRole("link", { name: "Edit rule" }).click();
  await expect(page).toHaveURL(/policies\/quarter\?rule=slow-start/);
  await expect(page.getByRole("group", { name: "Rule slow-start in full" })).toBeVisible();
  // The caret stands on the rule.
  const caret = await page.getByRole("textbox", { name: "Policy source" }).evaluate((field: HTMLTextAreaElement) => field.value.slice(field.selectionStart).split("\n").slice(0, 2).join(" "));
  expect(caret).toContain("slow-start");
});

test("a shadow card says that nothing was changed, and offers no fork around it", async ({ page, open, start }) => {
  const runtime = await start({ "quarter.toml": ACTS });
  await play({ ...quarter, most: 6 }, runtime.proxy);
  const { sessions } = (await runtime.rpc("list_sessions")) as any;
  await open(`/sessions/${sessions[0].id}`, runtime);
  await expect(rowsOf(page).filter({ hasText: "answered from cache" })).not.toHaveCount(0);
  await expect(rowsOf(page).filter({ hasText: "retried ×2" })).not.toHaveCount(0);
  await expect(rowsOf(page).filter({ hasText: "ended early" })).not.toHaveCount(0);
  await rowsOf(page).filter({ hasText: "would have asked" }).first().getByText("would have asked").click();
  const card = cards(page).filter({ hasText: "Would have" });
  await expect(card).toContainText("the traffic went on unchanged");
  await expect(card.getByRole("button", { name: "Fork without it" })).toHaveCount(0);
  await expect(card.getByRole("button", { name: "Mute for this session" })).toBeVisible();
  // Every rule in force is explained: what matched first, the rest behind a fold.
  const evaluations = page.getByRole("list", { name: "Evaluations", exact: true });
  await expect(evaluations.getByRole("listitem").filter({ hasText: "mail-needs-a-person" })).toContainText("true");
  await expect(page.getByRole("list", { name: "Evaluations that did not match" })).toHaveCount(0);
  await page.getByRole("button", { name: /did not match/ }).click();
  const rest = page.getByRole("list", { name: "Evaluations that did not match" });
  await expect(rest.getByRole("listitem").filter({ hasText: "long-pages" })).toContainText("false");
  await rest.getByRole("link", { name: "cheaper-ending" }).first().click();
  await expect(page).toHaveURL(/policies\/quarter\?rule=cheaper-ending/);
});

test("an alert for this desktop shows over the page until it is put away, and stays in the list", async ({ page, open, start }) => {
  const runtime = await start({ "quarter.toml": ACTS });
  await open("/overview", runtime);
  await expect(page.getByRole("contentinfo").getByRole("button", { name: /alert/ })).toHaveCount(0);
  await play({ ...quarter, most: 3 }, runtime.proxy);
  const notice = page.getByRole("article", { name: "Alert desk" });
  await expect(notice).toContainText("quarter-report tried to write to the ledger");
  await expect(page.getByRole("region", { name: "New alerts" })).toHaveAttribute("aria-live", "polite");
  await expect(page.getByRole("contentinfo")).toContainText("1 new");
  await notice.getByRole("button", { name: "Dismiss alert" }).click();
  await expect(notice).toHaveCount(0);
  await page.getByRole("contentinfo").getByRole("button", { name: "1 alert" }).click();
  await page.getByRole("dialog", { name: "Alerts" }).getByRole("link").click();
  await expect(page.getByRole("tab", { name: /Policy/ })).toHaveAttribute("aria-selected", "true");
  await expect(cards(page).filter({ hasText: "Alerted desk" })).toBeVisible();
  // It was told before this page was opened: no notice of it again.
  await page.reload();
  await expect(page.getByRole("contentinfo").getByRole("button", { name: "1 alert" })).toBeVisible();
  await expect(notice).toHaveCount(0);
});
