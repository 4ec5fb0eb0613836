// The clients: what each is started with, and how many exchanges of which kind it makes.
import { join } from "node:path";
import { root } from "../run/machine.mjs";

const programs = join(root, "tests", "clients", "programs");
const QUESTION = "Read hello.txt and tell me what it says.";

/** `agent`: the label of `run --agent`; a `blocked-*` one falls under the rule that takes calls to delete_file out. */
export function cases(python, node) {
  const sdk = (language, wire, mode, blocked) => ({
    name: `${wire} SDK, ${language}, ${mode}${blocked ? ", a call blocked" : ""}`,
    agent: blocked ? `blocked-${wire}` : undefined,
    sdk: true,
    command: language === "python" ? [python, join(programs, "sdk.py"), wire, mode] : ["node", join(programs, "sdk.mjs"), wire, mode],
  });
  const sdks = ["python", "node"].flatMap((language) =>
    ["chat", "responses", "anthropic", "gemini"].flatMap((wire) =>
      ["stream", "whole"].flatMap((mode) => [sdk(language, wire, mode, false), sdk(language, wire, mode, true)]),
    ),
  );
  return [
    { name: "Claude Code", command: [node.program("claude"), "-p", QUESTION], tool: "Read", sideCalls: true },
    {
      name: "Codex",
      command: [node.program("codex"), "exec", "--skip-git-repo-check", "-m", "gpt-5.1-codex", "--sandbox", "danger-full-access", QUESTION],
      tool: /exec|shell/,
    },
    { name: "OpenAI Agents SDK", command: [python, join(programs, "openai_agent.py")], tool: "get_weather" },
    { name: "LangGraph", command: [python, join(programs, "langgraph_agent.py")], tool: "get_weather" },
    ...sdks,
  ];
}

/** What the scripted model calls, given the tools that the client offers. */
export const calls = (folder) => (names) => {
  const has = (name) => names.includes(name);
  if (has("Read")) return [{ name: "Read", arguments: { file_path: join(folder(), "work", "hello.txt") } }];
  if (has("exec_command")) return [{ name: "exec_command", arguments: { cmd: "cat hello.txt" } }];
  if (has("shell_command")) return [{ name: "shell_command", arguments: { command: "cat hello.txt" } }];
  if (has("shell")) return [{ name: "shell", arguments: { command: ["cat", "hello.txt"] } }];
  if (has("delete_file")) return [{ name: "get_weather", arguments: { city: "Paris" } }, { name: "delete_file", arguments: { city: "Paris" } }];
  return [{ name: names[0], arguments: { city: "Paris" } }];
};
