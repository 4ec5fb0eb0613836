import { expect, test } from "vitest";
import { diffLines, hunks } from "./diff";

const shown = (before: string, after: string) =>
  diffLines(before, after).map((line) => `${{ same: " ", gone: "-", new: "+" }[line.kind]}${line.text}`);

test("an inserted line is the only difference", () => {
  expect(shown("a\nb\nc", "a\nb\nx\nc")).toEqual([" a", " b", "+x", " c"]);
});

test("changed and removed lines are told apart from kept ones", () => {
  expect(shown("a\nb\nc\nd", "a\nB\nd")).toEqual([" a", "-b", "-c", "+B", " d"]);
});

test("both texts can be rebuilt from any difference", () => {
  const letters = "abcab";
  let seed = 7;
  const next = () => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return seed;
  };
  for (let round = 0; round < 300; round += 1) {
    const make = () => Array.from({ length: 1 + (next() % 12) }, () => letters[next() % 5]).join("\n");
    const before = make();
    const after = make();
    const lines = diffLines(before, after);
    const keep = (not: string) =>
      lines
        .filter((line) => line.kind !== not)
        .map((line) => line.text)
        .join("\n");
    expect(keep("new")).toBe(before);
    expect(keep("gone")).toBe(after);
  }
});

test("two texts without a common line are replaced whole, in bounded time", () => {
  const before = Array.from({ length: 20_000 }, (_, i) => `a${i}`).join("\n");
  const lines = diffLines(before, before.replaceAll("a", "b"));
  expect(lines.length).toBe(40_000);
});

test("hunks leave out what is far from a change and say how much", () => {
  const before = Array.from({ length: 40 }, (_, i) => `line ${i}`);
  const after = before.with(20, "other");
  const [hunk] = hunks(diffLines(before.join("\n"), after.join("\n")));
  expect(hunk?.skipped).toBe(17);
  expect(hunk?.lines.length).toBe(8);
});
