// A stand-in for the desktop around the window: what shows notifications and holds the tray, on the desk's own message bus.
import { join } from "node:path";
import { createInterface } from "node:readline";
import { busEnvironment } from "../clients/environments.mjs";
import { root } from "../run/machine.mjs";
import { until } from "./desk.mjs";

export async function startDesktop(desk) {
  const program = desk.start(busEnvironment().python, [join(root, "tests", "desktop", "desktop.py")], { env: desk.env, stdio: ["pipe", "pipe", "inherit"] });
  const answers = [];
  createInterface(program.stdout).on("line", (line) => answers.push(JSON.parse(line)));
  await until("the stand-in for a desktop is on the bus", async () => answers.shift());
  const ask = async (question) => {
    program.stdin.write(`${JSON.stringify(question)}\n`);
    const answer = await until(`an answer to ${question.ask}`, async () => answers.shift());
    if (answer.error) throw new Error(`${question.ask}: ${answer.error}`);
    return answer;
  };
  const told = async () => (await ask({ ask: "notices" })).notices;
  return {
    /** What was shown so far, once it is so many. */
    notices: (count) => until(`${count} notifications`, async () => ((await told()).length >= count ? told() : undefined)),
    closed: async () => (await ask({ ask: "notices" })).closed,
    clickNotice: (id) => ask({ ask: "click", id }),
    /** Waits until the tray has this label, and its menu this first entry. */
    trayShows: async (wanted) => {
      let seen;
      const shows = async () => {
        seen = JSON.stringify((await ask({ ask: "tray" })).tray);
        return seen === JSON.stringify(wanted);
      };
      await until(`the tray shows ${JSON.stringify(wanted)}`, shows).catch((error) => { throw new Error(`${error.message}: it shows ${seen}`); });
    },
    /** Chooses an entry of the tray's menu. */
    choose: (entry) => ask({ ask: "click-tray", entry }),
  };
}
