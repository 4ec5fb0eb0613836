import { expect, test } from "vitest";
import { standing } from "./orders";

test("orders are read out of the runtime's shape; none are none", () => {
  expect(standing(null)).toMatchObject({
    gate: "open",
    killed: null,
    model: null,
    withheld: [],
    muted: [],
    budgets: [],
  });
  const orders = standing({
    gate: "stepping_over",
    killed: { text: "enough", as_error: false, intervention: "i" },
    model: { model: "m", scope: "run", begun: true },
    withheld: ["rm"],
    injections: [{ role: "user", text: "hi", standing: true }],
    muted: ["p/r"],
    budgets: [["token_budget_per_session", 5]],
    rollback: { to: "x", text: "" },
    limits: [{ limits: { output_tokens: 1200, reasoning: "low", scope: "run" }, intervention: "i", begun: true }],
    vault: { kept: [{ value: "v", token: "t" }] },
  });
  expect(orders).toEqual({
    gate: "stepping_over",
    killed: "enough",
    model: { model: "m", scope: "run", byRule: false },
    withheld: ["rm"],
    injections: [{ text: "hi", standing: true }],
    muted: ["p/r"],
    budgets: [{ name: "token_budget_per_session", limit: 5 }],
    rollback: true,
    limits: ["at most 1,200 output tokens, reasoning low · run"],
    redacted: 1,
  });
});
