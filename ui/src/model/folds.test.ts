import { expect, test } from "vitest";
import { Folds } from "./folds";

// Rows 0 1 [2..7] 8 [9..11] [12..13] 14: places 0 1 2 3 4 5 6.
const folds = new Folds([
  { first: 2, rows: 6 },
  { first: 9, rows: 3 },
  { first: 12, rows: 2 },
]);

test("places count each fold once", () => {
  expect(folds.places(15)).toBe(7);
  expect(new Folds([]).places(15)).toBe(15);
});

test("a place leads to its row and back", () => {
  expect([0, 1, 2, 3, 4, 5, 6].map((place) => folds.rowAt(place))).toEqual([0, 1, 2, 8, 9, 12, 14]);
  for (let place = 0; place < 40; place += 1) expect(folds.placeOf(folds.rowAt(place))).toBe(place);
});

test("a hidden row's place is its fold's", () => {
  expect([2, 5, 7, 10, 13].map((row) => folds.placeOf(row))).toEqual([2, 2, 2, 4, 5]);
  expect(folds.over(7)?.first).toBe(2);
  expect(folds.over(8)).toBeUndefined();
  expect(folds.over(1)).toBeUndefined();
});
