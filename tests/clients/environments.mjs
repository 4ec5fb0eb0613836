// Scratch environments in the cache folder: real clients, unchanged, as their users install them.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cache, Missing, requireSystem } from "../run/machine.mjs";

const PYTHON = ["openai", "anthropic", "google-genai", "openai-agents", "langgraph", "langchain", "langchain-openai"];
const NODE = [
  "openai", "@anthropic-ai/sdk", "@google/genai", "@anthropic-ai/claude-code", "@openai/codex", "@google/gemini-cli", "opencode-ai",
  "ai", "@ai-sdk/openai", "@ai-sdk/anthropic", "zod",
];

/** The vendors' SDKs alone, newest: agents hold some of them back. The array form of Gemini is read by the vendor's generated client only. */
const PYTHON_SDKS = ["openai", "anthropic", "google-genai", "google-ai-generativelanguage", "ollama"];
const NODE_SDKS = ["openai", "@anthropic-ai/sdk", "@google/genai", "ollama"];

function must(program, args, options) {
  const done = spawnSync(program, args, { encoding: "utf8", maxBuffer: 1 << 28, ...options });
  if (done.status !== 0) throw new Missing(`${program} ${args.join(" ")} failed:\n${done.error ?? ""}${done.stdout}${done.stderr}`);
  return done.stdout;
}

/** Installs once for a given list of packages. */
function once(folder, wanted, install) {
  const mark = join(folder, "installed.txt");
  const text = wanted.join("\n");
  if (existsSync(mark) && readFileSync(mark, "utf8") === text) return;
  mkdirSync(folder, { recursive: true });
  install();
  writeFileSync(mark, text);
}

export const pythonEnvironment = () => pythonPackages("python", PYTHON);

function pythonPackages(name, packages) {
  requireSystem("python");
  const folder = join(cache, "clients", name);
  const python = join(folder, "bin", "python");
  once(folder, packages, () => {
    must("python3", ["-m", "venv", folder]);
    must(python, ["-m", "pip", "install", "--quiet", ...packages]);
  });
  return { python, versions: must(python, ["-m", "pip", "list", "--format=freeze"]) };
}

/** Where the vendors' SDKs are: an interpreter, and a folder of packages. */
export function sdkEnvironments() {
  const folder = join(cache, "clients", "node-sdks");
  once(folder, NODE_SDKS, () => must("npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", ...NODE_SDKS]));
  return { python: pythonPackages("python-sdks", PYTHON_SDKS).python, packages: join(folder, "node_modules") };
}

/** A provider that fails at random and judges its callers, and an SDK to call it with. */
export function llmockEnvironment() {
  const { python } = pythonPackages("python-llmock", ["llmock==0.2.2", "openai"]);
  return { python, program: join(cache, "clients", "python-llmock", "bin", "llmock") };
}

/** A message bus for Python, for the stand-in of a desktop. */
export const busEnvironment = () => pythonPackages("python-bus", ["dbus-next"]);

export function nodeEnvironment() {
  const folder = join(cache, "clients", "node");
  once(folder, NODE, () => {
    must("npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", ...NODE]);
    // Claude Code's program comes in a package of its own; its install step, which npm may hold back, puts it in place.
    must("node", [join(folder, "node_modules", "@anthropic-ai", "claude-code", "install.cjs")]);
  });
  return { folder: join(folder, "node_modules"), program: (name) => join(folder, "node_modules", ".bin", name) };
}
