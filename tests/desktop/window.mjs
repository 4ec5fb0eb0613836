// The real window, driven over the WebDriver protocol by what a person sees: texts, rows, clicks.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "./desk.mjs";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

/** Opens the program's window on a data folder. */
export async function openWindow(desk, binary, args) {
  const ask = async (method, path, body) => {
    const response = await fetch(`${desk.driver}${path}`, {
      method, headers: { "content-type": "application/json" }, ...(method === "POST" ? { body: JSON.stringify(body ?? {}) } : {}),
    });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${value?.error}: ${value?.message}`);
    return value;
  };
  const options = { "webkitgtk:browserOptions": { binary, args } };
  const { sessionId } = await ask("POST", "/session", { capabilities: { alwaysMatch: options } });
  const at = `/session/${sessionId}`;
  const run = (script, ...given) => ask("POST", `${at}/execute/sync`, { script, args: given });
  const find = (using, value) => ask("POST", `${at}/element`, { using, value }).then((element) => element[ELEMENT]);
  return {
    run,
    /** The program's process: the driver's child. */
    pid: async () => readdirSync("/proc").map(Number).find((pid) => pid > 0 && isAlive(pid) && parentOf(pid) === desk.driverPid),
    /** Clicks what the selector finds first. */
    click: async (selector) => ask("POST", `${at}/element/${await find("css selector", selector)}/click`),
    /** Clicks the button that says so. */
    press: async (name) => {
      const button = `//button[normalize-space()="${name}" or @aria-label="${name}"]`;
      const element = await until(`a button “${name}”`, () => find("xpath", button));
      await ask("POST", `${at}/element/${element}/click`);
    },
    /** Types into the field whose name begins so, in the place of what stood there. */
    fill: async (name, text) => {
      const field = `//*[self::input or self::textarea][@aria-label="${name}" or @id=//label[starts-with(normalize-space(), "${name}")]/@for]`;
      const element = await until(`a field “${name}”`, () => find("xpath", field));
      await ask("POST", `${at}/element/${element}/click`);
      await run("document.activeElement.select?.()");
      await ask("POST", `${at}/element/${element}/value`, { text });
    },
    key: (text) => ask("POST", `${at}/actions`, { actions: [{ type: "key", id: "keys", actions: [{ type: "keyDown", value: text }, { type: "keyUp", value: text }] }] }),
    shows: (text, selector = "body") =>
      until(`“${text}” in ${selector}`, () => run("return [...document.querySelectorAll(arguments[0])].some((one) => one.innerText.includes(arguments[1]))", selector, text)),
    count: (selector) => run("return document.querySelectorAll(arguments[0]).length", selector),
    rect: () => ask("GET", `${at}/window/rect`),
    resize: (width, height) => ask("POST", `${at}/window/rect`, { width, height }),
    picture: async (file) => writeFileSync(file, Buffer.from(await ask("GET", `${at}/screenshot`), "base64")),
    /** Ends the driver's session; it kills the program where that still runs. */
    forget: () => ask("DELETE", at).catch(() => undefined),
  };
}

/** Where the runtime of a data folder lives, once it does. */
export const running = (data) => until(`${data} is announced`, async () => JSON.parse(readFileSync(join(data, "runtime.json"), "utf8")));

/** One that has ended but was not waited for is no longer alive. */
export const isAlive = (pid) => !["Z", undefined].includes(statOf(pid)[0]);
const parentOf = (pid) => Number(statOf(pid)[1]);

/** State, parent, … as `/proc` has them. */
function statOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ");
  } catch {
    return [];
  }
}
