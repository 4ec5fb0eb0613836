import { expect, test } from "vitest";
import type { SessionView } from "@/bridge";
import { merge } from "./list";

const session = (id: string, steps = 0) => ({ id, steps }) as SessionView;

test("while pinned, new sessions are counted and rows change in place", () => {
  const merged = merge([session("a"), session("b")], [session("new"), session("b", 9)], true);
  expect(merged.sessions.map((one) => one.id)).toEqual(["a", "b"]);
  expect(merged.sessions[1]?.steps).toBe(9);
  expect(merged.fresh).toBe(1);
});

test("while unpinned, the newest stand on top and none twice", () => {
  const merged = merge([session("a"), session("b")], [session("new"), session("b")], false);
  expect(merged.sessions.map((one) => one.id)).toEqual(["new", "b", "a"]);
  expect(merged.fresh).toBe(0);
});
