import { expect, sessionOf, test } from "../world/browser";

/** Opens a tab of the first step of a session for which `wanted` holds; gives the exchange as the console has it. */
async function step(ask, open, agent, tab, wanted = (_row) => true) {
  const session = await sessionOf(ask, agent);
  const { rows } = await ask("list_timeline", { session: session.id, from: 0, count: 100 });
  const row = rows.find((one) => one.kind === "model" && wanted(one));
  await open(`/sessions/${session.id}/steps/${row.exchange}?tab=${tab}`);
  return ask("get_exchange", { exchange: row.exchange });
}
const acted = (action) => (row) => row.acts.some((act) => act.action === action && act.mode === "enforce");
const panel = (page) => page.getByRole("tabpanel");

async function bodyOf(ask, message) {
  if (message.body !== undefined) return message.body;
  const { text } = await ask("get_blob", { ref: message.body_ref.ref, offset: 0, length: 1 << 20 });
  return text;
}

test("messages: the new ones open, the known ones folded, then the answer", async ({ page, open, ask }) => {
  await step(ask, open, "claude-code", "messages", (row) => row.step === 2 && !row.side_call);
  await expect(panel(page).getByRole("button", { name: /earlier messages, resent by the agent/ })).toBeVisible();
  await expect(panel(page).getByRole("article", { name: "Tool result" })).toContainText("ECONNREFUSED 127.0.0.1:5432");
  const answers = panel(page).getByRole("article", { name: "Assistant" });
  await expect(answers).toHaveCount(2);
  await expect(answers.first()).toContainText("last answer");
  await expect(answers.last()).toContainText("docker compose up -d postgres");
  await panel(page).getByRole("button", { name: /earlier messages/ }).click();
  await expect(panel(page)).toContainText("The checkout test has timed out on CI since Monday. Find out why and fix it.");
});

test("truth: an injected message is the only difference on the way to the model", async ({ page, open, ask }) => {
  await step(ask, open, "claude-code", "truth", acted("inject"));
  const there = panel(page).getByRole("region", { name: "On the way to the model" });
  await expect(there).toContainText("4 tool calls of this run have failed");
  await expect(panel(page)).toContainText("byte for byte the same");
});

test("truth: a blocked call was never what the agent got", async ({ page, open, ask }) => {
  await step(ask, open, "claude-code", "truth", acted("block"));
  const back = panel(page).getByRole("region", { name: "On the way back" });
  await expect(back).toContainText("rm -rf ~/ .cache/vitest");
  await expect(panel(page)).toContainText("changed");
});

test("truth: a refusal says that the model was not asked", async ({ page, open, ask }) => {
  await step(ask, open, "research-assistant", "truth", acted("block"));
  await expect(panel(page)).toContainText("was not asked");
  await expect(panel(page)).toContainText("token_budget_per_session");
});

test("tools: calls, results and what was on offer", async ({ page, open, ask }) => {
  await step(ask, open, "claude-code", "tools", (row) => row.step === 1 && !row.side_call);
  await expect(panel(page)).toContainText("1 call proposed by the model");
  await expect(panel(page)).toContainText("2 results delivered with this request");
  await expect(panel(page)).toContainText("5 tools on offer");
  await panel(page).getByText("Searches file contents with a regular expression.").first().click();
  await expect(panel(page)).toContainText('"pattern"');
});

test("stream: every frame with its time, as it came", async ({ page, open, ask }) => {
  const exchange = await step(ask, open, "claude-code", "stream", (row) => row.step === 1 && !row.side_call);
  const { frames, total } = await ask("get_frames", { exchange: exchange.id, from: 0, count: 500 });
  await expect(panel(page)).toContainText(`${total} frames`);
  await panel(page).getByRole("button", { name: /message_start/ }).first().click();
  await expect(panel(page).getByRole("group", { name: "Frame 0" })).toHaveText(frames[0].text.trim());
});

test("policy: the card says what, why and what it cost, and every rule's values", async ({ page, open, ask }) => {
  await step(ask, open, "claude-code", "policy", acted("inject"));
  const card = panel(page).getByRole("article", { name: "Intervention" }).filter({ hasText: "Injected" }).first();
  await expect(card).toContainText("max_tool_errors");
  await expect(card).toContainText(/\d+ tokens more/);
  const rules = panel(page).getByRole("list", { name: "Evaluations" });
  await expect(rules).toContainText("true");
  await expect(rules).toContainText(/\d+ µs/);
  await expect(rules.getByRole("group", { name: "run.tool_errors" }).first()).toHaveText("4");
});

test("raw: the exact bytes, credentials masked", async ({ page, open, ask }) => {
  const exchange = await step(ask, open, "claude-code", "raw", acted("inject"));
  const body = panel(page).getByRole("group", { name: "Body" });
  await expect(body).toBeVisible();
  for (const [side, field] of [["Agent sent", "agent_request"], ["We sent", "sent_request"], ["Model answered", "provider_response"], ["Agent got", "agent_response"]]) {
    await panel(page).getByRole("radio", { name: side }).click();
    const text = await bodyOf(ask, exchange[field]);
    await expect.poll(() => body.textContent()).toBe(text.slice(0, 20_000));
  }
  await panel(page).getByRole("radio", { name: "Agent sent" }).click();
  await expect(panel(page)).toContainText("x-api-key: [masked]");
  await expect(panel(page)).not.toContainText("sk-ant-scripted");
});
