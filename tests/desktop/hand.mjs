// A person's hand on the real window: a held call edited and let go, a question answered by keyboard alone, and what is told outside it.
import { join } from "node:path";
import { play } from "../ui/world/agent.mjs";
import { live } from "../ui/world/stories.mjs";
import { until } from "./desk.mjs";
import { startDesktop } from "./desktop.mjs";
import { close, inWindow, place } from "./spot.mjs";
import { running } from "./window.mjs";

const QUICK = '[hold]\nbefore_head = "300ms"\nheartbeat = "100ms"\n';
const ASK = `version = 1
name = "ask"
[[rule]]
id = "ask-deletes"
on = "tool.call"
when = "tool.name == 'delete_file'"
do = [{ escalate = { text = "May {{tool.name}} run on {{call.args.path}}?" } }]
`;
const ASKING = { policies: { "ask.toml": ASK }, settings: QUICK };

/** An agent at work that remembers what it ran: first it counts, then it deletes. */
function begin(name, proxy) {
  const ran = [];
  const results = () => (call) => {
    ran.push({ name: call.name, arguments: call.arguments });
    return { text: "12", error: false };
  };
  return { ran, ended: play({ ...live(name), results }, proxy) };
}

/** Both turns of the agent's model, so that the second one's call is in question. */
const both = async (spot, name) => {
  await spot.release(`live-${name}-0`);
  await spot.release(`live-${name}-1`);
};

function same(got, wanted, what) {
  if (JSON.stringify(got) !== JSON.stringify(wanted)) throw new Error(`${what}: ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`);
}

export const handChecks = {
  "a breakpoint holds a call, a person edits it in the window, and the agent runs the edited one": async (given) => {
    const spot = await place(given.desk, "edited", { policies: {}, settings: QUICK });
    await inWindow(given, spot, async (shown) => {
      await shown.shows("No session yet");
      const { proxy, pid } = await running(spot.data);
      await shown.press("No breakpoints");
      await shown.fill("When", "tool.name == 'count_files'");
      await shown.key("\uE007");
      await shown.shows("tool.name == 'count_files'", "[aria-label='Armed breakpoints']");
      await shown.key("\uE00C");
      const agent = begin("shed", proxy);
      await spot.release("live-shed-0");
      await shown.shows("Tidy up the folder shed", "[data-testid=session-row]");
      await shown.click("[data-testid=session-row]");
      await shown.shows("Breakpoint: tool.name == 'count_files'", "[data-testid=held]");
      await shown.press("Edit arguments");
      await shown.fill("folder", "barn");
      await shown.shows('"folder": "barn"', "[aria-label='What you changed']");
      await shown.picture(join(given.pictures, "held.png"));
      await shown.press("Send the edited call");
      await until("the agent runs the call", async () => agent.ran.length > 0);
      await spot.release("live-shed-1");
      await agent.ended;
      same(agent.ran[0], { name: "count_files", arguments: { folder: "barn" } }, "the agent ran");
      await until("nothing is held any more", async () => (await shown.count("[data-testid=held]")) === 0);
      await close(given.desk, pid);
    });
  },

  "an approval by keyboard alone takes fewer than five key presses": async (given) => {
    const spot = await place(given.desk, "keys", ASKING);
    await inWindow(given, spot, async (shown) => {
      await shown.shows("No session yet");
      const { proxy, pid } = await running(spot.data);
      const agent = begin("keys", proxy);
      await both(spot, "keys");
      await shown.shows("1 waiting", "footer");
      let presses = 0;
      const key = (text) => {
        presses += 1;
        return shown.key(text);
      };
      await key("3");
      await shown.shows("May delete_file run on keys/a.txt?", "[aria-label=Question]");
      // A question that has just come up takes no answer yet.
      await new Promise((later) => setTimeout(later, 500));
      await key("a");
      await agent.ended;
      same(agent.ran.at(-1), { name: "delete_file", arguments: { path: "keys/a.txt" } }, "the agent ran");
      await shown.shows("Nothing waits for a person");
      if (presses >= 5) throw new Error(`${presses} key presses`);
      await close(given.desk, pid);
    });
  },

  "a question is told once outside the window, without its arguments; a click opens Approvals, and the answer takes it back": async (given) => {
    const desktop = await startDesktop(given.desk);
    const spot = await place(given.desk, "told", ASKING);
    await inWindow(given, spot, async (shown) => {
      await shown.shows("No session yet");
      const { proxy, pid } = await running(spot.data);
      await desktop.trayShows({ label: "", entry: "Nothing is waiting", enabled: false });
      await desktop.choose("Hide window");
      const agent = begin("told", proxy);
      await both(spot, "told");
      const [notice] = await desktop.notices(1);
      same(notice.title, "live-demo: may delete_file run?", "the notification's title");
      if (!/^Rule ask\/ask-deletes · [89] min to answer$/.test(notice.body)) throw new Error(`the notification says ${notice.body}`);
      if (JSON.stringify(notice).includes("a.txt")) throw new Error(`it tells an argument: ${JSON.stringify(notice)}`);
      await desktop.trayShows({ label: "1", entry: "1 waiting…", enabled: true });
      await desktop.clickNotice(notice.id);
      await shown.shows("May delete_file run on told/a.txt?", "[aria-label=Question]");
      await shown.key("2");
      await shown.shows("Tidy up the folder told", "[data-testid=session-row]");
      await desktop.choose("1 waiting…");
      await shown.shows("May delete_file run on told/a.txt?", "[aria-label=Question]");
      await new Promise((later) => setTimeout(later, 500));
      await shown.key("a");
      await agent.ended;
      await until("the notification is taken back", async () => (await desktop.closed()).includes(notice.id));
      await desktop.trayShows({ label: "", entry: "Nothing is waiting", enabled: false });
      same((await desktop.notices(1)).length, 1, "notifications");
      await close(given.desk, pid);
    });
  },
};
