import { expect, test } from "vitest";
import { ago, agoInWords, bytes, cutMiddle, duration, inWords, money, oneLine, percent, short } from "./format";

test("short numbers keep three digits and never read 1000k", () => {
  expect([0, 950, 1200, 38_120, 120_400, 999_499, 999_999, 4_560_000].map(short)).toEqual([
    "0",
    "950",
    "1.2k",
    "38.1k",
    "120k",
    "999k",
    "1M",
    "4.6M",
  ]);
});

test("money shows the digits that carry meaning and marks estimates", () => {
  expect(money(0)).toBe("$0");
  expect(money(0.00001)).toBe("<$0.0001");
  expect(money(0.0042)).toBe("$0.0042");
  expect(money(0.042)).toBe("$0.042");
  expect(money(1234.5, true)).toBe("~$1,234.50");
  expect(money(-0.31)).toBe("−$0.31");
});

test("durations change unit without reading 60 s or 1000 ms", () => {
  expect([0.4, 12, 999.7, 1240, 12_400, 59_960, 185_000, 7_380_000, 90_000_000].map(duration)).toEqual([
    "0.4 ms",
    "12 ms",
    "1.00 s",
    "1.24 s",
    "12.4 s",
    "1 m 00 s",
    "3 m 05 s",
    "2 h 03 m",
    "1 d 1 h",
  ]);
});

test("bytes use binary units", () => {
  expect([812, 4200, 12 * 1024 * 1024].map(bytes)).toEqual(["812 B", "4.1 KiB", "12 MiB"]);
});

test("a share is 0 or 100 percent only if it is", () => {
  expect([0, 0.001, 0.5, 0.999, 1].map(percent)).toEqual(["0 %", "<1 %", "50 %", ">99 %", "100 %"]);
});

test("times are relative, then a date", () => {
  const now = Date.parse("2026-11-23T12:00:00Z");
  const before = (seconds: number) => ago(now - seconds * 1000, now);
  expect([0, 12, 300, 7200, 3 * 86_400].map(before)).toEqual(["now", "12 s", "5 m", "2 h", "3 d"]);
  expect(before(60 * 86_400)).toBe("2026-09-24");
  const worded = (seconds: number) => agoInWords(now - seconds * 1000, now);
  expect([0, 12, 60 * 86_400].map(worded)).toEqual(["just now", "12 s ago", "on 2026-09-24"]);
});

test("a long text keeps its end", () => {
  expect(cutMiddle("src/features/timeline/rows.tsx", 15)).toBe("src/fea…ows.tsx");
  expect(cutMiddle("short", 15)).toBe("short");
});

test("one line shows control characters and direction overrides as dots", () => {
  expect(oneLine("a\n  b\u0007\u202egnp.exe")).toBe("a b··gnp.exe");
});

test("what is to come is told in its largest unit", () => {
  expect([0, 12_000, 300_000, 3 * 3_600_000, 48 * 3_600_000].map((ms) => inWords(ms, 0))).toEqual([
    "now",
    "in 12 s",
    "in 5 m",
    "in 3 h",
    "in 2 d",
  ]);
});
