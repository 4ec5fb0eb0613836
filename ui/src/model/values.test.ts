import { expect, test } from "vitest";
import { reading } from "./values";

test("a number is told as it is, and what it means in its unit", () => {
  expect(reading("run.elapsed_ms", 12_345)).toEqual({ exact: "12,345", means: "12.3 s" });
  expect(reading("session.context_used", 0.8512)).toEqual({ exact: "0.8512", means: "85 %" });
  expect(reading("budget.cost.projected", 1.04)).toEqual({ exact: "1.04", means: "104 %" });
  expect(reading('budget["a-b"].used', 0.5).means).toBe("50 %");
  expect(reading("session.cost_usd", 0.1234567)).toEqual({ exact: "0.123457", means: "$0.12" });
  expect(reading("result.bytes", 4_200)).toEqual({ exact: "4,200", means: "4.1 KiB" });
  expect(reading("response.output_tokens", 17)).toEqual({ exact: "17", means: "tokens" });
  expect(reading("run.steps", 3)).toEqual({ exact: "3", means: "" });
});

test("what is nothing is told as such, and a list without its brackets", () => {
  expect(reading("session.taints", ["web", "misread"]).exact).toBe("web, misread");
  expect(reading("session.taints", []).exact).toBe("(none)");
  expect(reading("schema.claim.error", "").exact).toBe("(empty)");
  expect(reading("call.args.path", null).exact).toBe("(absent)");
  expect(reading("tool.read_only", false).exact).toBe("false");
  expect(reading("call.args", { to: [{ name: "a" }] }).exact).toBe('{"to":[{"name":"a"}]}');
});
