import { expect, test } from "vitest";
import { came, effectWords, obstacle } from "./act";

test("what did not apply is told from what was done and from what would have been", () => {
  expect(came({ mode: "enforce", summary: "Blocked the call to rm" })).toBe("done");
  expect(came({ mode: "shadow", summary: "Would have: Blocked the call to rm" })).toBe("shadow");
  expect(came({ mode: "enforce", summary: "Could not reroute: no tier is named strong" })).toBe("not applied");
  expect(came({ mode: "shadow", summary: "Would have: Could not reroute: no tier" })).toBe("not applied");
  expect(obstacle("Would have: Could not reroute: no tier: none")).toBe("no tier: none");
});

test("an effect says what was saved and what was spent", () => {
  expect(effectWords({ tokens: -29_080, usd: -0.09, ms: 120, basis: "estimated" }).says).toBe(
    "29,080 tokens saved · $0.090 saved · 120 ms longer",
  );
  expect(effectWords({ tokens: 0, usd: 0, ms: 0, basis: "measured" }).says).toBe("no tokens, money or time");
});
