import { expect, test } from "vitest";
import { asCurl, quote } from "./curl";

test("hostile text cannot leave its quotes", () => {
  expect(quote("a'; rm -rf / #")).toBe(`'a'\\''; rm -rf / #'`);
  expect(quote("$(id) `id`")).toBe("'$(id) `id`'");
});

test("a body that begins with @ is no file name", () => {
  expect(asCurl("http://h", "POST", "/v1", [], "@/etc/passwd")).toContain("--data-raw @/etc/passwd");
});

test("connection headers are left to curl", () => {
  const command = asCurl(
    "http://h",
    "POST",
    "/v1",
    [
      ["Host", "x"],
      ["content-length", "3"],
      ["x-a", "b c"],
    ],
    "{}",
  );
  expect(command).not.toMatch(/host:|content-length/i);
  expect(command).toContain("-H 'x-a: b c'");
});
