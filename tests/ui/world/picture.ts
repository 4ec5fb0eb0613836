// A picture of a page at rest: nothing is still being asked for, nothing fades.
import type { Page } from "@playwright/test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { out } from "../../run/machine.mjs";

const folder = join(out, "shots");
const QUIET = 450;
const LONGEST = 20_000;

const asking = new WeakMap<Page, { open: number; since: number }>();

function watch(page: Page) {
  const known = asking.get(page);
  if (known) return known;
  const state = { open: 0, since: Date.now() };
  const counts = (url: string) => new URL(url).pathname.startsWith("/rpc/");
  const change = (by: number) => (request: { url: () => string }) => {
    if (!counts(request.url())) return;
    state.open = Math.max(0, state.open + by);
    state.since = Date.now();
  };
  page.on("request", change(1));
  page.on("requestfinished", change(-1));
  page.on("requestfailed", change(-1));
  asking.set(page, state);
  return state;
}

/** Writes pictures of one theme; `loading` takes one of a page that is still asking. */
export function pictures(theme: string) {
  mkdirSync(folder, { recursive: true });
  return async (page: Page, name: string, { loading = false } = {}) => {
    const state = watch(page);
    const late = Date.now() + LONGEST;
    await page.waitForTimeout(QUIET);
    while (!loading && Date.now() < late && (state.open > 0 || Date.now() - state.since < QUIET)) await page.waitForTimeout(50);
    if (!loading) await page.waitForFunction(() => document.querySelector(".skeleton") === null, undefined, { timeout: LONGEST });
    await page.screenshot({ path: join(folder, `${name}.${theme}.png`) });
  };
}
