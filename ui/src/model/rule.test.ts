import { expect, test } from "vitest";
import { conditionOf } from "./rule";

test("the condition is found in each of TOML's strings", () => {
  expect(conditionOf(`id = "a"\nwhen = "tool.name == 'rm'"\ndo = []`)).toBe("tool.name == 'rm'");
  expect(conditionOf(`when = 'tool.name == "rm"'`)).toBe('tool.name == "rm"');
  expect(conditionOf(`when = '''\na\n&& b\n'''`)).toBe("a\n&& b");
  expect(conditionOf(String.raw`when = "say == \"when = 1\" && x"`)).toBe('say == "when = 1" && x');
});

test("a rule without a condition has none", () => {
  expect(conditionOf('id = "always"\ndo = ["block"]')).toBeNull();
});
