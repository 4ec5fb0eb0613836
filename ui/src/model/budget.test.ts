import { expect, test } from "vitest";
import type { BudgetView } from "@/bridge";
import { amount, budgetWords, fullestFirst, gauge, orderName } from "./budget";

const budget = (used: number, reserved = 0, more: Partial<BudgetView> = {}): BudgetView => ({
  policy: "p",
  name: "cost",
  per: "session",
  holder: "ses",
  unit: "usd",
  limit: 2,
  used,
  reserved,
  projected: (used + reserved) / 2,
  resets_at: null,
  ...more,
});

test("what is used and what is reserved stand one after the other and never beyond the bar", () => {
  expect(gauge(budget(0.5, 0.5))).toMatchObject({ used: 0.25, reserved: 0.25, nearness: "fine" });
  expect(gauge(budget(1.5, 1))).toMatchObject({ used: 0.75, reserved: 0.25, projected: 1.25, nearness: "fine" });
  expect(gauge(budget(3))).toMatchObject({ used: 1, reserved: 0, share: 1.5, nearness: "over" });
  expect(gauge(budget(1, 0, { limit: 0, projected: 1 }))).toMatchObject({ used: 1, nearness: "over" });
});

test("nearing is told from 85 % used on; what is only reserved may come back", () => {
  expect(gauge(budget(1.69)).nearness).toBe("fine");
  expect(gauge(budget(1.7)).nearness).toBe("nearing");
  expect(gauge(budget(1, 0.9)).nearness).toBe("fine");
});

test("a gauge is told whole, in words", () => {
  expect(budgetWords(budget(1.8, 0.1))).toBe(
    "cost of policy p, this session: $1.80 of $2.00 used, 90 %; $0.10 reserved for calls under way, 95 % with it; nearing its limit",
  );
  expect(amount(12_345, "tokens")).toBe("12,345 tokens");
  expect(amount(12_345, "tokens", true)).toBe("12.3k");
});

test("the fullest comes first, and an order calls each by its own name", () => {
  const [money, tokens] = [budget(1), budget(1.9, 0, { unit: "tokens" })];
  expect(fullestFirst([money, tokens])[0]).toBe(tokens);
  expect(orderName(money, [money], [])).toBe("p/budget.cost");
  expect(orderName(money, [money, tokens], [])).toBe("p/budget.cost.limit_usd");
});
