// Fills a runtime with what a day of work leaves behind, so that screens have something to show.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../run/machine.mjs";
import { play } from "./agent.mjs";
import * as told from "./stories.mjs";

const shipped = (name) => readFileSync(join(root, "policies", name), "utf8");

/** The rules in force: the shipped ones, a small budget, and one that only watches. */
export const POLICIES = {
  "error-recovery.toml": shipped("error-recovery.toml"),
  "safe-tools.toml": shipped("safe-tools.toml"),
  "research-budget.toml": `# What a research session may cost at most.
version     = 1
name        = "research-budget"
description = "Ends a research session that has used its tokens."
agents      = ["research-*"]

token_budget_per_session = 7_000
`,
  "watch.toml": `# Looks on: nothing here changes anything.
version     = 1
name        = "watch"
description = "Would end sessions that go on for ever."

[defaults]
mode = "shadow"

[[rule]]
id   = "too-many-steps"
on   = "model.request"
when = "run.steps == 8 && session.agent != 'nightly-crawler'"
do   = [{ block = { text = "This run has taken {{run.steps}} steps." } }]
`,
};

/** `many`: how many one-question sessions beside the stories; `pace` as for the stories. */
export async function seed(runtime, { many = 120, pace = 1 } = {}) {
  const { proxy } = runtime;
  for (let number = 0; number < many; number += 20) {
    await Promise.all(Array.from({ length: Math.min(20, many - number) }, (_, place) => play(told.small(number + place), proxy)));
  }
  const tell = (story, label) => play(story, proxy, label, pace);
  await tell(told.crawl(told.CRAWL));
  await Promise.all([tell(told.stuck()), tell(told.gemini), tell(told.overloaded), tell(told.hostile, ""), leave(told.abandoned, proxy)]);
  await Promise.all([tell(told.research), tell(told.codex)]);
  await tell(told.checkout);
}

/** An agent that goes away before the answer comes. */
async function leave(story, proxy) {
  const going = new AbortController();
  const playing = play({ ...story, signal: going.signal }, proxy).catch(() => undefined);
  await new Promise((later) => setTimeout(later, 60));
  going.abort();
  await playing;
}
