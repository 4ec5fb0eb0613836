import { describe, expect, test } from "vitest";
import { formOf, losesNumbers, packed, put, spread, wrongJson } from "./arguments";

const schema = JSON.stringify({
  type: "object",
  required: ["path"],
  properties: {
    path: { type: "string", description: "Where" },
    depth: { type: "integer" },
    mode: { enum: ["soft", "hard"] },
    tags: { type: "array", items: { type: "string" } },
    where: { type: "object", properties: { host: { type: "string" }, port: { type: "number" } } },
    any: { oneOf: [{ type: "string" }] },
  },
});
const kinds = (value: object, given: string | null = schema) =>
  Object.fromEntries((formOf(given, JSON.parse(JSON.stringify(value))) ?? []).map((one) => [one.name, one.field.kind]));

describe("a form from a tool's schema", () => {
  test("each property has the field of its type", () => {
    expect(kinds({ path: "a" })).toEqual({
      path: "string",
      depth: "number",
      mode: "enum",
      tags: "list",
      where: "object",
      any: "json",
    });
    expect(formOf(schema, { path: "a" })?.[0]).toMatchObject({ required: true, says: "Where" });
  });

  test("a value that does not fit its field is edited as JSON", () => {
    expect(kinds({ path: 5, depth: 1.5, mode: "other", tags: [1], where: { host: "a", extra: 1 } })).toMatchObject({
      path: "json",
      depth: "json",
      mode: "json",
      tags: "json",
      where: "json",
    });
  });

  test("arguments that the schema does not know stay in the form", () => {
    expect(kinds({ path: "a", more: true })).toMatchObject({ more: "boolean" });
  });

  test("without a schema the values say what they are; what is no object has no form", () => {
    expect(kinds({ a: "x", b: 1, c: ["y"], d: [1, "y"], e: { f: false } }, null)).toEqual({
      a: "string",
      b: "number",
      c: "list",
      d: "json",
      e: "object",
    });
    expect(formOf(schema, ["a"])).toBeNull();
  });
});

test("setting a field keeps the order of the others; taking it out removes it alone", () => {
  expect(JSON.stringify(put({ b: 1, a: 2 }, "b", 3))).toBe('{"b":3,"a":2}');
  expect(put({ b: 1, a: 2 }, "b", undefined)).toEqual({ a: 2 });
});

test("numbers that JavaScript would spell otherwise keep the text as it was", () => {
  for (const text of ['{"a":12345678901234567890}', '{"a":1.0}', '{"a":1e3}']) {
    expect(losesNumbers(text)).toBe(true);
    expect(spread(text)).toBe(text);
    expect(packed(text)).toBe(text);
  }
  expect(losesNumbers('{"a":-1.5,"b":"12345678901234567890","c\\"1.0":2}')).toBe(false);
  expect(packed(spread('{"a":[1,2]}'))).toBe('{"a":[1,2]}');
});

test("what is no JSON says why", () => {
  expect(wrongJson("{")).not.toBeNull();
  expect(wrongJson("{}")).toBeNull();
});
