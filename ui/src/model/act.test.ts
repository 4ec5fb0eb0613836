import { expect, test } from "vitest";
import { came, confidenceOf, effectWords, headline, obstacle } from "./act";

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

test("a headline leaves the text to what stands below it", () => {
  expect(headline("Refused the call: Not today.", "Not today.")).toBe("Refused the call");
  expect(headline("Refused the call: Not today.", "")).toBe("Refused the call: Not today.");
  expect(headline("Would have: Refused the call: Not to…", "Not today.")).toBe("Would have: Refused the call");
  expect(headline("Kept 2 values from the model: [a:1], [b:1]", "[a:1]\n[b:1]")).toBe("Kept 2 values from the model");
  expect(headline("Rerouted the call to haiku", "haiku")).toBe("Rerouted the call to haiku");
});

test("a partial answer's note is taken apart into its words, its share and its reasons", () => {
  const note =
    "[Partial answer. Five steps are enough. Confidence 0.42: this answer had 30 % of the run's 912 ms, no open tool calls, 1 tool error in a row.]";
  expect(confidenceOf(note)).toEqual({
    words: "Five steps are enough.",
    share: 0.42,
    reasons: ["this answer had 30 % of the run's 912 ms", "no open tool calls", "1 tool error in a row"],
  });
  expect(confidenceOf("[Partial answer. Confidence 0.05: no tool errors in a row.]")?.words).toBe("");
  expect(confidenceOf("Confidence 0.42 is what I have.")).toBeNull();
});
