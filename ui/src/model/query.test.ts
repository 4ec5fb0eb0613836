import { expect, test } from "vitest";
import { complete, errorRange, tokenise } from "./query";

test("words become fields, values, operators and negations", () => {
  const tokens = tokenise('status:running cost:>0.50 "two words" -model:*haiku').filter(
    (token) => token.kind !== "space",
  );
  expect(tokens).toMatchObject([
    { kind: "field", field: "status", operator: "", value: "running" },
    { kind: "field", field: "cost", operator: ">", value: "0.50" },
    { kind: "text", value: '"two words"' },
    { kind: "field", field: "model", negated: true, value: "*haiku" },
  ]);
});

test("tokens cover every character exactly once", () => {
  const query = '  a:"b c"  d -e:f:g " open';
  const tokens = tokenise(query);
  expect(tokens.map((token) => query.slice(token.start, token.end)).join("")).toBe(query);
});

test("a begun field is completed, then its values", () => {
  expect(complete("st", 2).offers.map((offer) => offer.text)).toEqual(["status:", "steps:"]);
  expect(complete("-status:pa", 10).offers.map((offer) => offer.text)).toEqual(["-status:paused"]);
});

test("the place that the server names in bytes is the one underlined", () => {
  expect(errorRange("tool:é colour:red", "at byte 8, 10 long")).toEqual({ start: 7, end: 17 });
  expect(errorRange("tool:x", "Something else")).toEqual({ start: 0, end: 6 });
  expect(errorRange("tool:x", null)).toEqual({ start: 0, end: 6 });
});
