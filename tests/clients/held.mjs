// A real client, unchanged, up to its first question: what `npm run test:holds` decides and `npm run test:holds -- limits` waits for.
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startClient } from "./started.mjs";

export const HELD = ["Claude Code", "Codex", "Gemini CLI", "OpenAI Agents SDK", "LangGraph", "Vercel AI SDK, OpenAI", "Vercel AI SDK, Anthropic"];

/** A rule that asks at every tool call, or before every model call, and waits so long, written as policies write it. */
export const askFirst = (timeout, on = "tool.call") => `version = 1
name = "ask"
[[rule]]
id = "ask-first"
on = "${on}"
when = "!request.side_call && size(request.tools) > 0"
do = [{ escalate = { timeout = "${timeout}" } }]
`;

export const later = (ms) => new Promise((done) => setTimeout(done, ms));

/** Starts it under its agent's name and waits for its question; `asked` is null where it ended without one. `seconds`: when it is killed. */
export async function startHeld(client, agent, runtime, packages, seconds) {
  const folder = mkdtempSync(join(tmpdir(), "switchtower-hold-"));
  const home = join(folder, "home");
  mkdirSync(home);
  client.prepare?.(home);
  const { said, exit, kill } = startClient(client, { runtime, packages, agent, home, seconds });
  const state = { ended: undefined };
  exit.then((code) => { state.ended = code; });
  return { asked: await question(runtime, agent, state), exit, said, state, kill };
}

/** The agent's first question, or nothing once it has ended. */
async function question(runtime, agent, state) {
  while (state.ended === undefined) {
    const { escalations } = await runtime.rpc("list_escalations", { state: "pending" });
    const mine = escalations.find((one) => one.agent === agent);
    if (mine) return mine;
    await later(200);
  }
  return null;
}

/** An agent's name for a client in one role. */
export const named = (role, client) => `${role}-${client.name.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`;
