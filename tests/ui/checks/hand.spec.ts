import { expect, test } from "../world/browser";
import { ASK, begin, QUICK } from "../world/hand";

const held = (page) => page.getByTestId("held");
const dialog = (page) => page.getByRole("dialog");

/** Opens the only session of a fresh runtime. */
async function only(page, open, runtime) {
  await open("/sessions", runtime);
  await page.getByTestId("session-row").click();
  await page.getByRole("region", { name: "Controls" }).waitFor();
}

test("a breakpoint holds a call, a person edits it, and the agent runs the edited one", async ({ page, open, start }) => {
  const runtime = await start({}, undefined, QUICK);
  await open("/sessions", runtime);
  await page.getByRole("button", { name: "No breakpoints" }).click();
  await dialog(page).getByRole("textbox").fill("tool.nam == 'count_files'");
  await page.keyboard.press("Enter");
  await expect(dialog(page).getByRole("alert")).toContainText("did you mean `tool.name`?");
  await expect(dialog(page).getByRole("alert")).toContainText("condition:1:6");
  await dialog(page).getByRole("textbox").fill("tool.name == 'count_files'");
  await page.keyboard.press("Enter");
  await expect(dialog(page).getByRole("list", { name: "Armed breakpoints" })).toContainText("tool.name == 'count_files'");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "1 breakpoint" })).toBeVisible();

  const agent = begin(runtime, "edited");
  await agent.go(0);
  await page.getByTestId("session-row").click();
  await expect(held(page)).toContainText("Breakpoint: tool.name == 'count_files'");
  await expect(held(page)).toContainText('"folder": "edited"');
  await expect(held(page)).toContainText("no limit known");
  await held(page).getByRole("button", { name: "Edit arguments" }).click();
  await held(page).getByRole("textbox", { name: "folder" }).fill("attic");
  await expect(held(page).getByRole("region", { name: "What you changed" })).toContainText('"folder": "attic"');
  await held(page).getByRole("button", { name: "Send the edited call" }).click();
  await expect(held(page)).toHaveCount(0);
  await agent.go(1);
  await agent.ended;
  expect(agent.ran).toEqual([
    { name: "count_files", arguments: { folder: "attic" } },
    { name: "delete_file", arguments: { path: "edited/a.txt" } },
  ]);

  await page.getByRole("button", { name: "1 breakpoint" }).click();
  await dialog(page).getByRole("button", { name: /^Clear/ }).click();
  await expect(dialog(page).getByRole("list", { name: "Armed breakpoints" })).toContainText("None is armed");
});

test("a held response is there to read, and what a person makes of it is what the agent gets", async ({ page, open, start }) => {
  const runtime = await start({}, undefined, QUICK);
  await runtime.rpc("set_breakpoint", { on: "model.response" });
  const agent = begin(runtime, "reply");
  await agent.go(0);
  await only(page, open, runtime);
  await held(page).getByText("with the whole answer").waitFor();
  await held(page).getByRole("button", { name: "Edit response" }).click();
  const message = held(page).getByRole("form", { name: "Response message" });
  await expect(message.getByRole("textbox", { name: "Text" })).toHaveValue("I'll count first.");
  await expect(message.getByRole("textbox", { name: "Tool" })).toHaveValue("count_files");
  await message.getByRole("textbox", { name: "Arguments (JSON)" }).fill('{ "folder": "cellar" }');
  const { breakpoints } = (await runtime.rpc("list_breakpoints")) as any;
  await runtime.rpc("clear_breakpoint", { breakpoint: breakpoints[0].id });
  await message.getByRole("button", { name: "Send the edited response" }).click();
  await expect(held(page)).toHaveCount(0);
  await agent.go(1);
  await agent.ended;
  expect(agent.ran[0]).toEqual({ name: "count_files", arguments: { folder: "cellar" } });
});

test("a breakpoint on a rule stops where the rule matches, though it is only a shadow", async ({ page, open, start }) => {
  const runtime = await start({ "ask.toml": ASK.replace('name = "ask"', 'name = "ask"\n\n[defaults]\nmode = "shadow"') }, undefined, QUICK);
  const agent = begin(runtime, "ruled");
  await only(page, open, runtime);
  await page.keyboard.press("b");
  await dialog(page).getByRole("combobox").selectOption("ask/ask-deletes");
  await dialog(page).getByRole("button", { name: "Add breakpoint" }).click();
  await expect(dialog(page).getByRole("list", { name: "Armed breakpoints" })).toContainText("rule ask/ask-deletes");
  await page.keyboard.press("Escape");
  await agent.go(0);
  await agent.go(1);
  await expect(held(page)).toContainText("Breakpoint: rule ask/ask-deletes");
  await held(page).getByRole("button", { name: "Let go", exact: true }).click();
  await agent.ended;
  expect(agent.ran.map((call) => call.name)).toEqual(["count_files", "delete_file"]);
});

test("arguments that break the tool's schema stay held, and what is wrong is said", async ({ page, open, start }) => {
  const runtime = await start({}, undefined, QUICK);
  await runtime.rpc("set_breakpoint", { on: "tool.call", when: "tool.name == 'count_files'" });
  const agent = begin(runtime, "schema");
  await agent.go(0);
  await only(page, open, runtime);
  await held(page).getByRole("button", { name: "Edit arguments" }).click();
  await held(page).getByRole("radio", { name: "JSON" }).click();
  const code = held(page).getByRole("textbox", { name: "Arguments as JSON" });
  await code.fill('{"folder": ');
  await expect(page.locator(".cm-lintRange-error, .cm-lintPoint-error").first()).toBeAttached();
  await code.fill('{"folder": 5}');
  await held(page).getByRole("button", { name: "Send the edited call" }).click();
  await expect(held(page).getByRole("alert")).toContainText('5 is not of type "string"');
  await code.fill('{"folder": "shed"}');
  await held(page).getByRole("button", { name: "Send the edited call" }).click();
  await expect.poll(() => agent.ran[0]).toEqual({ name: "count_files", arguments: { folder: "shed" } });
  await agent.go(1);
  await agent.ended;
});

test("an approval takes two key presses from anywhere", async ({ page, open, start }) => {
  const runtime = await start({ "ask.toml": ASK }, undefined, QUICK);
  const agent = begin(runtime, "approve");
  await agent.go(0);
  await agent.go(1);
  await open("/sessions", runtime);
  await expect(page.getByRole("contentinfo")).toContainText("1 waiting");
  let presses = 0;
  const press = (key) => {
    presses += 1;
    return page.keyboard.press(key);
  };
  await press("3");
  const question = page.getByRole("article", { name: "Question" });
  await expect(question).toContainText("May delete_file run?");
  await expect(question).toContainText("Twelve. I'll remove one.");
  await expect(question).toContainText("ask/ask-deletes");
  await expect(question.getByRole("list", { name: "What the rule read" })).toContainText("delete_file");
  await expect(question).toContainText('"path": "approve/a.txt"');
  await page.waitForTimeout(400);
  await press("a");
  await expect(page.getByRole("status").filter({ hasText: "Approved delete_file of live-demo" })).toBeVisible();
  await expect(page.getByText("Nothing waits for a person")).toBeVisible();
  expect(presses).toBeLessThan(5);
  await agent.ended;
  expect(agent.ran.at(-1)).toEqual({ name: "delete_file", arguments: { path: "approve/a.txt" } });
});

test("a denial by keyboard tells the model why, and the agent never runs the call", async ({ page, open, start }) => {
  const runtime = await start({ "ask.toml": ASK }, undefined, QUICK);
  const agent = begin(runtime, "deny");
  await agent.go(0);
  await agent.go(1);
  await open("/approvals", runtime);
  await page.getByRole("article", { name: "Question" }).waitFor();
  await page.waitForTimeout(400);
  await page.keyboard.press("x");
  await page.keyboard.type("the backup is not done");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Denied delete_file of live-demo")).toBeVisible();
  await agent.ended;
  expect(agent.ran.map((call) => call.name)).toEqual(["count_files"]);
  await page.getByRole("tab", { name: "Decided" }).click();
  await expect(page.getByRole("article", { name: "Question" })).toContainText("“the backup is not done”");
  await page.getByRole("tab", { name: "By rule" }).click();
  await expect(page.getByRole("row").filter({ hasText: "ask/ask-deletes" })).toContainText("0 %");
});

test("an edited approval is what the agent runs", async ({ page, open, start }) => {
  const runtime = await start({ "ask.toml": ASK }, undefined, QUICK);
  const agent = begin(runtime, "rewrite");
  await agent.go(0);
  await agent.go(1);
  await open("/approvals", runtime);
  await page.getByRole("article", { name: "Question" }).waitFor();
  await page.waitForTimeout(400);
  await page.keyboard.press("e");
  await page.getByRole("textbox", { name: "path" }).fill("rewrite/b.txt");
  await page.keyboard.press("Control+Enter");
  await expect(page.getByText("Approved edited delete_file of live-demo")).toBeVisible();
  await agent.ended;
  expect(agent.ran.at(-1)).toEqual({ name: "delete_file", arguments: { path: "rewrite/b.txt" } });
  await page.getByRole("tab", { name: "Decided" }).click();
  await expect(page.getByRole("region", { name: "What was edited" })).toContainText("rewrite/b.txt");
});

test("the space bar pauses a session at its next call and resumes it", async ({ page, open, start }) => {
  const runtime = await start({}, undefined, QUICK);
  const agent = begin(runtime, "pause");
  await only(page, open, runtime);
  await page.keyboard.press("Space");
  await expect(page.getByRole("button", { name: "Resume", exact: true })).toBeVisible();
  await agent.go(0);
  await expect(held(page)).toContainText("Held before the model call");
  await expect(page.getByRole("contentinfo")).toContainText("Resume all (1)");
  await page.keyboard.press("n");
  await agent.go(1);
  await expect(held(page)).toContainText("Held at a tool call");
  await expect(held(page)).toContainText("delete_file");
  await page.keyboard.press("Space");
  await expect(held(page)).toHaveCount(0);
  await agent.ended;
  expect(agent.ran.map((call) => call.name)).toEqual(["count_files", "delete_file"]);
});

test("pause all and resume all reach every live session, by key", async ({ page, open, start }) => {
  const runtime = await start({}, undefined, QUICK);
  const [one, two] = [begin(runtime, "all-one"), begin(runtime, "all-two")];
  await open("/sessions", runtime);
  await expect(page.getByTestId("session-row")).toHaveCount(2);
  await page.keyboard.press("A");
  await expect(page.getByRole("contentinfo")).toContainText("Resume all (2)");
  for (const agent of [one, two]) await Promise.all([agent.go(0), agent.go(1)]);
  await expect.poll(() => [one.ran.length, two.ran.length]).toEqual([1, 1]);
  await page.keyboard.press("A");
  await expect(page.getByRole("contentinfo")).toContainText("Pause all");
  await Promise.all([one.ended, two.ended]);
  expect(two.ran).toHaveLength(2);
});

test("what a person orders goes out with the next request", async ({ page, open, start }) => {
  const runtime = await start({}, undefined, QUICK);
  const agent = begin(runtime, "orders");
  await only(page, open, runtime);
  await page.keyboard.press("i");
  await dialog(page).getByRole("textbox", { name: "Message" }).fill("Leave the readme alone.");
  await dialog(page).getByRole("button", { name: "Inject" }).click();
  await expect(page.getByRole("list", { name: "Standing orders" })).toContainText("injects next");
  await expect(dialog(page)).toHaveCount(0);
  await page.keyboard.press("m");
  await dialog(page).getByLabel("Model", { exact: true }).fill("gpt-5-nano");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("list", { name: "Standing orders" })).toContainText("model gpt-5-nano");
  await page.getByRole("button", { name: "Tools", exact: true }).click();
  await dialog(page).getByRole("checkbox", { name: "delete_file" }).uncheck();
  await dialog(page).getByRole("button", { name: "Apply" }).click();
  await expect(page.getByRole("list", { name: "Standing orders" })).toContainText("without delete_file");
  await page.getByRole("button", { name: "Budget", exact: true }).click();
  await dialog(page).getByLabel("Budget", { exact: true }).fill("nothing");
  await dialog(page).getByRole("textbox", { name: "Amount" }).fill("5");
  await page.keyboard.press("Enter");
  await expect(dialog(page).getByRole("alert")).toContainText("no budget is called “nothing”");
  await page.keyboard.press("Escape");
  await agent.go(0);
  await agent.go(1);
  await agent.ended;
  const { sessions } = (await runtime.rpc("list_sessions", {})) as any;
  const { rows } = (await runtime.rpc("list_timeline", { session: sessions[0].id, from: 0, count: 20 })) as any;
  const models = rows.filter((row) => row.kind === "model");
  const { sent_request } = (await runtime.rpc("get_exchange", { exchange: models[1].exchange })) as any;
  const body = JSON.parse(sent_request.body);
  expect(body.model).toBe("gpt-5-nano");
  expect(body.tools.map((tool) => tool.function.name)).toEqual(["count_files"]);
  expect(body.messages.map((message) => message.content)).toContain("Leave the readme alone.");
});

test("killing asks first, then answers what is held with the message", async ({ page, open, start }) => {
  const runtime = await start({}, undefined, QUICK);
  await runtime.rpc("set_breakpoint", { on: "tool.call" });
  const agent = begin(runtime, "kill");
  await agent.go(0);
  await only(page, open, runtime);
  await held(page).getByRole("button", { name: "Kill" }).click();
  await expect(dialog(page)).toContainText("This cannot be taken back. 1 held exchange is answered with it now.");
  await dialog(page).getByRole("textbox", { name: "Message" }).fill("Stop: wrong folder.");
  await dialog(page).getByRole("button", { name: "End the session" }).click();
  const last = await agent.ended;
  expect(JSON.stringify(last)).toContain("Stop: wrong folder.");
  expect(agent.ran).toEqual([]);
  await expect(held(page)).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Pause", exact: true })).toHaveAttribute("title", /the session has ended/);
});

test("two pages stay in step, and a late answer says what was decided", async ({ page, open, start, context }) => {
  const runtime = await start({ "ask.toml": ASK }, undefined, QUICK);
  const agent = begin(runtime, "both");
  await agent.go(0);
  await agent.go(1);
  const other = await context.newPage();
  await other.goto(`${runtime.console}/sessions?token=${runtime.token}`);
  await other.getByTestId("session-row").click();
  await expect(held(other)).toContainText("A rule asks a person: ask-deletes");
  // A third one hears of nothing.
  const deaf = await context.newPage();
  await deaf.route("**/events", (route) => route.abort());
  await deaf.goto(`${runtime.console}/approvals?token=${runtime.token}`);
  await deaf.getByRole("article", { name: "Question" }).waitFor();

  await open("/approvals", runtime);
  await page.getByRole("article", { name: "Question" }).waitFor();
  await held(other).getByRole("button", { name: "Approve", exact: true }).click();
  await expect(held(other)).toHaveCount(0);
  await expect(page.getByRole("article", { name: "Question" })).toContainText("Approved");
  await expect(page.getByRole("article", { name: "Question" }).getByRole("button", { name: "Deny" })).toHaveCount(0);
  await expect(page.getByRole("contentinfo")).not.toContainText("waiting");
  await deaf.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(deaf.getByRole("alert")).toContainText("was already approved");
  await agent.ended;
  expect(agent.ran).toHaveLength(2);
});

test("always allowing saves exactly the rule that was shown", async ({ page, open, start }) => {
  const runtime = await start({ "ask.toml": ASK }, undefined, QUICK);
  const agent = begin(runtime, "always");
  await agent.go(0);
  await agent.go(1);
  await open("/approvals", runtime);
  await page.getByRole("button", { name: "Always allow this shape…" }).click();
  const rule = dialog(page).getByRole("textbox", { name: "The rule as it will be saved" });
  await expect(rule).toHaveValue(/trace\.session == /);
  await dialog(page).getByRole("radio", { name: "every session of live-demo" }).click();
  await dialog(page).getByRole("radio", { name: "1 week" }).click();
  await expect(rule).toHaveValue(/session\.agent == 'live-demo'/);
  await expect(rule).toHaveValue(/until = /);
  await dialog(page).getByRole("checkbox", { name: "path" }).uncheck();
  await expect(rule).not.toHaveValue(/a\.txt/);
  const shown = await rule.inputValue();
  const before = (await runtime.rpc("get_policy", { name: "ask" })) as any;
  expect(before.source).toBe(ASK);
  await dialog(page).getByRole("button", { name: "Save this rule" }).click();
  await expect(dialog(page)).toHaveCount(0);
  const after = (await runtime.rpc("get_policy", { name: "ask" })) as any;
  expect(after.source).toBe(`${ASK}\n${shown}`);
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await agent.ended;
  const next = begin(runtime, "always-again");
  await next.go(0);
  await next.go(1);
  await next.ended;
  expect(next.ran).toHaveLength(2);
  const { escalations } = (await runtime.rpc("list_escalations", {})) as any;
  expect(escalations).toHaveLength(1);
});
