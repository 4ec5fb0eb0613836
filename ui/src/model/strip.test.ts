import { expect, test } from "vitest";
import { bin, brush, offset, type Span, ticks } from "./strip";

const span = (start: number, end: number, more: Partial<Span> = {}): Span => ({
  lane: "model",
  start,
  end,
  failed: false,
  row: 0,
  ...more,
});
const range = { from: 0, to: 100 };

test("a span covers its pixels and no other", () => {
  const bins = bin([span(20, 40, { row: 7 })], "model", range, 10);
  expect([...bins.fill]).toEqual([0, 0, 1, 1, 0, 0, 0, 0, 0, 0]);
  expect(bins.row[2]).toBe(7);
  expect(bins.row[4]).toBe(-1);
});

test("a point and the shortest span are still seen", () => {
  const bins = bin([span(55, 55), span(91, 91.01)], "model", range, 10);
  expect(bins.fill[5]).toBe(1);
  expect(bins.fill[9]).toBeGreaterThan(0.1);
});

test("the last moment falls into the last pixel", () => {
  expect(bin([span(100, 100)], "model", range, 10).fill[9]).toBe(1);
});

test("lanes and ranges keep what is not theirs out", () => {
  const bins = bin([span(20, 40, { lane: "tool" }), span(-50, -10), span(150, 160)], "model", range, 10);
  expect(bins.fill.every((share) => share === 0)).toBe(true);
});

test("a failure marks its pixel and the first row is where a click goes", () => {
  const bins = bin([span(10, 15, { row: 3 }), span(12, 14, { row: 4, failed: true })], "model", range, 10);
  expect(bins.failed[1]).toBe(1);
  expect(bins.row[1]).toBe(3);
});

test("a hundred thousand spans fill a strip of a thousand pixels", () => {
  const spans = Array.from({ length: 100_000 }, (_, row) => span(row, row + 1, { row }));
  const bins = bin(spans, "model", { from: 0, to: 100_000 }, 1000);
  expect(bins.fill.every((share) => share === 1)).toBe(true);
});

test("a brush is the same in both directions and stays inside", () => {
  expect(brush(range, 10, 2, 5)).toEqual({ from: 20, to: 50 });
  expect(brush(range, 10, 5, 2)).toEqual({ from: 20, to: 50 });
  expect(brush(range, 10, -4, 90)).toEqual(range);
});

test("ticks stand at round times and are not too many", () => {
  const found = ticks({ from: 1000, to: 61_000 }, 1000, 8);
  expect(found.map((tick) => tick.label)).toEqual(["0", "10s", "20s", "30s", "40s", "50s", "1:00"]);
  expect(ticks({ from: 0, to: 86.4e6 * 400 }, 0, 8).length).toBeLessThanOrEqual(9);
});

test("offsets grow into minutes, hours, days", () => {
  expect([0, 250, 12_000, 245_000, 7_380_000, 274_000_000].map(offset)).toEqual([
    "0",
    "250ms",
    "12s",
    "4:05",
    "2:03:00",
    "3d 4h",
  ]);
});
