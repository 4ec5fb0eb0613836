// What the commands that run real clients have in common: the build and the clients first, then each run's line and the sum of them.
import { nodeEnvironment, pythonEnvironment } from "../clients/environments.mjs";
import { buildCli } from "./build.mjs";
import { Missing, requireCargo } from "./machine.mjs";

/** Counts runs, and says of each what is wrong with it. */
export class Tally {
  passed = 0;
  failed = 0;

  add(name, wrong) {
    wrong.length ? this.failed++ : this.passed++;
    console.log(`${wrong.length ? "✗" : "✓"}  ${name} ${wrong.join("\n     ")}`);
  }
}

/** True where a name has all the words that the command was given. */
export const chosen = (name, words) => words.every((word) => name.toLowerCase().includes(word.toLowerCase()));

/** Builds the program, calls `work` with the arguments, and ends as its tally says; `SWITCHTOWER_BUILT` leaves the build out. */
export async function command(work) {
  try {
    requireCargo();
    if (!process.env.SWITCHTOWER_BUILT) {
      console.log("Building …");
      const { ok, output } = await buildCli();
      if (!ok) throw new Missing(output);
    }
    const { passed, failed } = await work(process.argv.slice(2));
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed ? 1 : 0;
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** The clients' environments, installed where they are not yet. */
export function installClients() {
  console.log("Installing clients …");
  return { ...pythonEnvironment(), node: nodeEnvironment() };
}
