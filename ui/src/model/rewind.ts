// Words for rewinds: the command that starts one, and how far the record went.
import type { RewindView, RewindWhy, SessionView } from "@/bridge";
import { plural } from "./format";

export const WHY: Record<RewindWhy, string> = {
  asked: "as asked",
  differs: "the request differs from the record",
  unfinished: "the recorded exchange came to no whole answer",
  ordered: "a person changed what goes to the model",
  blocked: "a rule took a call out of the recorded answer",
  lost: "the runtime was started again meanwhile",
};

/** Programs by which known agents are started. */
const PROGRAMS: Record<string, string> = {
  "claude-code": "claude",
  codex: "codex",
  "gemini-cli": "gemini",
  opencode: "opencode",
  aider: "aider",
};

export function rewindCommand(exchange: string, session: Pick<SessionView, "agent"> | null): string {
  const program = (session && PROGRAMS[session.agent]) ?? "my-agent";
  return `switchtower run --from ${exchange} -- ${program} …`;
}

export function rewindSummary(rewind: RewindView): string {
  const served = `Rewind: ${rewind.served} of ${plural(rewind.answers, "answer")} from the record`;
  return rewind.live === null ? `${served}, not live yet` : `${served}, then live: ${WHY[rewind.live.why]}`;
}
