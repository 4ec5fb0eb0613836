// What rules read, live and afterwards; and the ways from there to the rules.
import { begin } from "../world/hand";
import { expect, sessionOf, test } from "../world/browser";

const MARKS = `version = 1
name = "marks"

[[rule]]
id = "looked"
on = "tool.result"
when = "tool.name == 'count_files'"
do = [{ taint = "seen-the-disk" }]
`;

test("a live session says what its rules read, and goes on saying it", async ({ page, open, start }) => {
  const runtime = await start({ "marks.toml": MARKS });
  const { go, ended } = begin(runtime, "loft");
  await open("/sessions", runtime);
  await page.getByTestId("session-row").first().click();
  const line = page.getByRole("region", { name: "Standing", exact: true });
  await expect(line).toContainText("Rules read");
  await expect(line).toContainText("nothing out of the ordinary");
  await page.keyboard.press("s");
  const all = page.getByRole("region", { name: "What rules read" });
  const elapsed = all.getByRole("row", { name: /Elapsed/ }).getByRole("cell").first();
  const before = await elapsed.innerText();
  await expect.poll(() => elapsed.innerText()).not.toBe(before);
  await go(0);
  await expect(line).toContainText("seen-the-disk");
  await expect(line).toContainText("1 rule fired");
  const fired = all.getByRole("region", { name: /Rules that fired/ });
  await expect(fired).toContainText("1× this run, 1× in all");
  await expect(all.getByRole("region", { name: "Tools called so far" })).toContainText("count_files");
  await go(1);
  await ended;
  await fired.getByRole("link", { name: "looked" }).click();
  await expect(page).toHaveURL(/policies\/marks\?rule=looked/);
  await expect(page.getByRole("group", { name: "Rule looked in full" })).toBeVisible();
  await page.goBack();
  // It was left open; the way there by keyboard closes it.
  await expect(all).toBeVisible();
  await page.keyboard.press("s");
  await expect(all).toHaveCount(0);
});

test("a session from a file says how it stood when rules last looked", async ({ page, open, ask, start }) => {
  const session = await sessionOf(ask, "codex");
  const { text } = await ask("export_session", { session: session.id, format: "jsonl" });
  const runtime = await start({ "marks.toml": MARKS });
  const { sessions } = (await runtime.rpc("import", { text })) as { sessions: string[] };
  await open(`/sessions/${sessions[0]}`, runtime);
  const line = page.getByRole("region", { name: "Standing", exact: true });
  await expect(line).toContainText("Rules last read");
  await expect(line).toContainText("1 tool error in this run");
  await line.getByRole("button").click();
  await expect(page.getByRole("region", { name: /tool errors/ })).toContainText("no field `max_attempts`");
  await page.getByRole("link", { name: "this step" }).click();
  await expect(page.getByRole("tab", { name: /Policy/ })).toHaveAttribute("aria-selected", "true");
});

test("a rule that fired often is told with what came since", async ({ page, open, ask }) => {
  const session = await sessionOf(ask, "claude-code");
  await open(`/sessions/${session.id}`);
  await page.getByRole("region", { name: "Standing", exact: true }).waitFor();
  await page.keyboard.press("s");
  const fired = page.getByRole("region", { name: /Rules that fired/ });
  await expect(fired).toContainText("max_tool_errors");
  await expect(fired).toContainText("since then");
});
