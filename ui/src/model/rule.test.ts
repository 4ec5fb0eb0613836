import { expect, test } from "vitest";
import { conditionOf, policyFrom } from "./rule";

test("the condition is found in each of TOML's strings", () => {
  expect(conditionOf(`id = "a"\nwhen = "tool.name == 'rm'"\ndo = []`)).toBe("tool.name == 'rm'");
  expect(conditionOf(`when = 'tool.name == "rm"'`)).toBe('tool.name == "rm"');
  expect(conditionOf(`when = '''\na\n&& b\n'''`)).toBe("a\n&& b");
  expect(conditionOf(String.raw`when = "say == \"when = 1\" && x"`)).toBe('say == "when = 1" && x');
});

test("a rule without a condition has none", () => {
  expect(conditionOf('id = "always"\ndo = ["block"]')).toBeNull();
});

test("a policy made from a step matches what happened there, whatever its names hold", () => {
  const call = { name: `it's "odd"`, arguments: '{"a":1}\nwhen = "true"' };
  const made = policyFrom({ step: 3, agent: "a\nb", model: "m", call });
  expect(conditionOf(made)).toBe(`tool.name == 'it\\'s "odd"'`);
  expect(made.split("\n").filter((line) => line.startsWith("when"))).toHaveLength(1);
  expect(made).toContain('mode = "shadow"');
  expect(conditionOf(policyFrom({ step: 0, agent: "a", model: "gpt-5", call: null }))).toBe("request.model == 'gpt-5'");
});
