import { expect, test } from "vitest";
import { excerpt, inForceWords, place, tableOf } from "./policy";

test("an error is told by its line; one without a place stays as it is", () => {
  expect(place("mine.toml:3:1: there is no key `max`")).toEqual({ line: 3, says: "there is no key `max`" });
  expect(place("two files name the policy x")).toEqual({ line: null, says: "two files name the policy x" });
});

test("a broken file says what still holds", () => {
  expect(inForceWords({ state: "kept" })).toBe("its last good version is in force");
  expect(inForceWords({ state: "broken" })).toBe("not in force");
});

test("a table is found by its name, with its line and without what follows", () => {
  const source = 'version = 1\n\n[limit.pace]\nmatch = { tool = "x" }\nrate = "1/h"\n\n[[rule]]\nid = "a"\n';
  expect(tableOf(source, "limit.pace")).toEqual({
    line: 3,
    text: '[limit.pace]\nmatch = { tool = "x" }\nrate = "1/h"',
  });
  expect(tableOf(source, "limit.other")).toBeNull();
});

test("carets stand under what is wrong, in a line of any length", () => {
  expect(excerpt({ excerpt: `\twhen = "tool.nam == 'x'"`, column: 10, length: 8 })).toEqual([
    ` when = "tool.nam == 'x'"`,
    "         ^^^^^^^^",
  ]);
  const long = `${"x".repeat(200)}WRONG${"y".repeat(90)}`;
  const [line, carets] = excerpt({ excerpt: long, column: 201, length: 5 });
  expect(line.slice(carets.indexOf("^"), carets.length)).toBe("WRONG");
  expect(line).toMatch(/^…x+WRONGy+…$/);
  expect(excerpt({ excerpt: "", column: 1, length: 1 })).toEqual(["", "^"]);
});
