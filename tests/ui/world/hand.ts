// What the tests of a person's hand stand on: a runtime that holds quickly, and an agent that remembers what it ran.
import type { Fresh } from "./browser";
import { play } from "./agent.mjs";
import { live } from "./stories.mjs";

export const QUICK = '[hold]\nbefore_head = "300ms"\nheartbeat = "100ms"\n';

/** A question about each deletion. */
export const ASK = `version = 1
name = "ask"

[[rule]]
id = "ask-deletes"
on = "tool.call"
when = "tool.name == 'delete_file'"
do = [{ escalate = { text = "May {{tool.name}} run?" } }]
`;

/** A rule that never has to act. */
export const CAREFUL = `version = 1
name = "careful"

[[rule]]
id = "no-formats"
on = "tool.call"
when = "tool.name == 'format_disk'"
do = [{ block = { text = "Not this." } }]
`;

type Call = { name: string; arguments: Record<string, unknown> };
export type Playing = { ran: Call[]; ended: Promise<{ text?: string; failed?: number } | undefined>; go: (turn: number) => Promise<unknown> };

/** An agent at work: first it counts, then it deletes. Each turn of its model waits for `go`. */
export function begin(runtime: Fresh, name: string): Playing {
  const ran: Call[] = [];
  const results = () => (call: Call) => {
    ran.push({ name: call.name, arguments: call.arguments });
    return { text: call.name === "count_files" ? "12" : "deleted", error: false };
  };
  const ended = play({ ...live(name), results }, runtime.proxy);
  // A test that ends earlier takes the runtime away; one that waits hears of it.
  ended.catch(() => undefined);
  return { ran, ended, go: (turn) => runtime.release(`live-${name}-${turn}`) };
}
