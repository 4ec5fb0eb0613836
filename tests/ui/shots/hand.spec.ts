// A person's hand in its states, light and dark. Nothing is judged here: a person looks.
import type { Page } from "@playwright/test";
import { test } from "../world/browser";
import { ASK, begin, QUICK } from "../world/hand";
import { pictures } from "../world/picture";

for (const theme of ["light", "dark"] as const) {
  test.describe(theme, () => {
    test.use({ colorScheme: theme });
    test.describe.configure({ timeout: 120_000 });
    const shoot = pictures(theme);
    const held = (page: Page) => page.getByTestId("held");

    test("a live session in hand", async ({ page, open, start }) => {
      const runtime = await start({ "ask.toml": ASK }, undefined, QUICK);
      await runtime.rpc("set_breakpoint", { on: "tool.call", when: "tool.name == 'count_files'" });
      const agent = begin(runtime, `attic-${theme}`);
      await open("/sessions", runtime);
      await page.getByTestId("session-row").click();
      await page.getByRole("region", { name: "Controls" }).waitFor();
      await shoot(page, "hand-controls");
      for (const [button, name] of [["Inject", "inject"], ["Model", "model"], ["Tools", "tools"], ["Budget", "budget"], ["Mute", "mute"], ["Breakpoint", "breakpoints"], ["Kill", "kill"]]) {
        await page.getByRole("button", { name: button, exact: true }).click();
        await shoot(page, `hand-${name}`);
        if (button === "Breakpoint") {
          await page.getByRole("dialog").getByRole("textbox").fill("tool.nam == 'count_files'");
          await page.keyboard.press("Enter");
          await page.getByRole("alert").waitFor();
          await shoot(page, "hand-breakpoint-wrong");
        }
        await page.keyboard.press("Escape");
      }
      await page.keyboard.press("Space");
      await agent.go(0);
      await held(page).getByText("count_files").first().waitFor();
      await shoot(page, "hand-held-call");
      await held(page).getByRole("button", { name: "Edit arguments" }).click();
      await held(page).getByRole("textbox", { name: "folder" }).fill("cellar");
      await shoot(page, "hand-edit-form");
      await held(page).getByRole("radio", { name: "JSON" }).click();
      await held(page).getByRole("textbox", { name: "Arguments as JSON" }).fill('{\n  "folder": "cellar",\n');
      await page.waitForTimeout(400);
      await shoot(page, "hand-edit-json");
      await held(page).getByRole("button", { name: "Cancel" }).click();
      await page.keyboard.press("n");
      await held(page).getByText("before the model call").waitFor();
      await shoot(page, "hand-held-request");
      await held(page).getByRole("button", { name: "Edit request" }).click();
      const body = held(page).getByRole("textbox", { name: "Request body" });
      await body.click();
      await page.keyboard.press("Control+Home");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("End");
      await page.keyboard.type(' "temperature": 0,');
      await shoot(page, "hand-edit-request");
      await held(page).getByRole("button", { name: "Cancel" }).click();
      await runtime.rpc("set_breakpoint", { on: "model.response" });
      await page.keyboard.press("Space");
      await agent.go(1);
      await held(page).getByText("A rule asks a person").waitFor();
      await shoot(page, "hand-held-question");
      await page.setViewportSize({ width: 900, height: 700 });
      await shoot(page, "hand-narrow");
      await page.setViewportSize({ width: 1440, height: 900 });
      await held(page).getByRole("button", { name: "Approve", exact: true }).click();
      await held(page).getByText("with the whole answer").waitFor();
      await held(page).getByRole("button", { name: "Edit response" }).click();
      await shoot(page, "hand-edit-response");
      await runtime.rpc("pause_all", { pause: false });
      for (const { id } of ((await runtime.rpc("list_breakpoints")) as any).breakpoints) await runtime.rpc("clear_breakpoint", { breakpoint: id });
      const { sessions } = (await runtime.rpc("list_sessions", {})) as any;
      await runtime.rpc("control_session", { session: sessions[0].id, command: "kill", text: "Enough." });
      await agent.ended;
      await shoot(page, "hand-ended");
    });

    test("approvals", async ({ page, open, start }) => {
      const runtime = await start({ "ask.toml": ASK }, undefined, QUICK);
      await open("/approvals", runtime);
      await page.getByText("Nothing waits").waitFor();
      await shoot(page, "approvals-empty");
      for (const tab of ["Decided", "By rule"]) {
        await page.getByRole("tab", { name: tab }).click();
        await shoot(page, `approvals-empty-${tab === "Decided" ? "decided" : "rules"}`);
      }
      for (let number = 0; number < 6; number += 1) {
        const agent = begin(runtime, `old-${theme}-${number}`);
        await Promise.all([agent.go(0), agent.go(1)]);
        await page.goto(`${runtime.console}/approvals`);
        if (number === 5) {
          await page.getByRole("button", { name: "Deny" }).click();
          await page.getByRole("textbox", { name: "Reason" }).fill("The backup is not done.");
          await shoot(page, "approvals-deny");
          await page.keyboard.press("Enter");
        } else await page.getByRole("button", { name: "Approve", exact: true }).click();
        await page.getByText("Nothing waits").waitFor();
        await agent.ended;
      }
      const agents = [0, 1, 2].map((number) => begin(runtime, `new-${theme}-${number}`));
      for (const agent of agents) await Promise.all([agent.go(0), agent.go(1)]);
      await page.getByTestId("question").nth(2).waitFor();
      await page.getByText("Nothing waits").waitFor({ state: "detached" });
      await shoot(page, "approvals-waiting");
      await page.getByRole("article", { name: "Question" }).getByRole("button", { name: "Edit and approve" }).click();
      await page.getByRole("textbox", { name: "path" }).fill("elsewhere.txt");
      await shoot(page, "approvals-edit");
      await page.getByRole("button", { name: "Cancel" }).click();
      await page.getByRole("button", { name: "Always allow this shape…" }).click();
      await page.getByRole("textbox", { name: "The rule as it will be saved" }).waitFor();
      await shoot(page, "approvals-always");
      await page.keyboard.press("Escape");
      await page.getByRole("tab", { name: "Decided" }).click();
      await shoot(page, "approvals-decided");
      await page.getByRole("tab", { name: "By rule" }).click();
      await shoot(page, "approvals-rules");
      await page.keyboard.press("?");
      await shoot(page, "help-hand");
      await page.keyboard.press("Escape");
      for (const { id } of ((await runtime.rpc("list_escalations", { state: "pending" })) as any).escalations) await runtime.rpc("resolve_escalation", { escalation: id, decision: "deny" });
      await Promise.all(agents.map((agent) => agent.ended));
    });
  });
}
