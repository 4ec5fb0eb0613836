// The clients: what each is started with, and what shall come of it.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../run/machine.mjs";

const programs = join(root, "tests", "clients", "programs");
const QUESTION = "Read hello.txt and tell me what it says.";

/** What happens to an SDK's loop: nothing, one of the three rules, or a stream that breaks off. The label of `run --agent` puts it under its policy. */
export const SCENARIOS = ["untouched", "blocked", "alone", "errors", "budget", "broken"];

const TITLES = {
  untouched: "",
  blocked: ", a call blocked",
  alone: ", the only call blocked",
  errors: ", errors brought up",
  budget: ", over its budget",
  broken: ", broken off",
};

export function cases(python, node) {
  const sdk = (language, wire, mode, scenario) => {
    // Its own words: after a failure the same request again is a retry of it.
    const question = `Weather in Paris? This run: ${scenario}, ${wire} in ${language}.`;
    const program = language === "python" ? [python, join(programs, "sdk.py")] : ["node", join(programs, "sdk.mjs")];
    return {
      name: `${wire} SDK, ${language}, ${mode}${TITLES[scenario]}`,
      agent: scenario === "untouched" || scenario === "broken" ? undefined : `${scenario === "alone" ? "blocked" : scenario}-${wire}`,
      sdk: { wire, scenario, question },
      command: [...program, wire, mode, question],
    };
  };
  const sdks = ["python", "node"].flatMap((language) =>
    ["chat", "responses", "anthropic", "gemini"].flatMap((wire) =>
      ["stream", "whole"].flatMap((mode) => SCENARIOS.filter((scenario) => mode === "stream" || scenario !== "broken").map((scenario) => sdk(language, wire, mode, scenario))),
    ),
  );
  const weather = { tool: "get_weather" };
  return [
    { name: "Claude Code", command: [node.program("claude"), "-p", QUESTION], tool: "Read", sideCalls: true },
    {
      name: "Codex",
      command: [node.program("codex"), "exec", "--skip-git-repo-check", "-m", "gpt-5.1-codex", "--sandbox", "danger-full-access", QUESTION],
      tool: /exec|shell/,
    },
    { name: "Gemini CLI", command: [node.program("gemini"), "-m", "gemini-2.5-flash", "--yolo", "-p", QUESTION], tool: "read_file", prepare: geminiHome },
    {
      name: "opencode",
      command: [node.program("opencode"), "run", "-m", "anthropic/claude-sonnet-4-5", QUESTION],
      tool: "read",
      sideCalls: true,
    },
    { name: "OpenAI Agents SDK", command: [python, join(programs, "openai_agent.py")], ...weather },
    { name: "LangGraph", command: [python, join(programs, "langgraph_agent.py")], ...weather },
    { name: "Vercel AI SDK, OpenAI", command: ["node", join(programs, "ai_sdk.mjs"), "openai"], ...weather },
    { name: "Vercel AI SDK, Anthropic", command: ["node", join(programs, "ai_sdk.mjs"), "anthropic"], ...weather },
    ...sdks,
  ];
}

/** Its first start would ask how to sign in, and whether to trust the folder. */
function geminiHome(home) {
  mkdirSync(join(home, ".gemini"), { recursive: true });
  const settings = { security: { auth: { selectedType: "gemini-api-key" }, folderTrust: { enabled: false } } };
  writeFileSync(join(home, ".gemini", "settings.json"), JSON.stringify(settings));
}

/** What the scripted model does, given the tools on offer, what it was asked and how many results there are; null: it says the end. */
export const script = (folder) => (names, said, results) => {
  const paris = { city: "Paris" };
  if (said.includes("This run: errors")) return results < 4 ? [{ name: "get_weather", arguments: paris }] : null;
  if (results > 0) return null;
  if (said.includes("This run: alone")) return [{ name: "delete_file", arguments: paris }];
  const has = (name) => names.includes(name);
  const file = join(folder(), "work", "hello.txt");
  if (has("Read")) return [{ name: "Read", arguments: { file_path: file } }];
  if (has("exec_command")) return [{ name: "exec_command", arguments: { cmd: "cat hello.txt" } }];
  if (has("shell_command")) return [{ name: "shell_command", arguments: { command: "cat hello.txt" } }];
  if (has("shell")) return [{ name: "shell", arguments: { command: ["cat", "hello.txt"] } }];
  if (has("read_file")) return [{ name: "read_file", arguments: { file_path: file } }];
  if (has("read")) return [{ name: "read", arguments: { filePath: file } }];
  if (has("delete_file")) return [{ name: "get_weather", arguments: paris }, { name: "delete_file", arguments: paris }];
  return [{ name: names[0], arguments: paris }];
};
