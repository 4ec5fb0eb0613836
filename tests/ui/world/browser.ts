// What every browser test stands on: the seeded runtime, fresh ones, and a page that watches what it is asked to do.
import { test as base, expect, type Page } from "@playwright/test";
import { join } from "node:path";
import { root } from "../../run/machine.mjs";
import { startRuntime } from "../../clients/runtime.mjs";

export { expect };

export type World = { proxy: string; console: string; token: string; folder: string; provider: string };
export type Fresh = World & { rpc: (name: string, args?: object) => Promise<never>; stop: (signal?: string) => Promise<unknown>; release: (name: string) => Promise<unknown> };

/** The most rows that one question may ask for. */
const WINDOW = 300;

type Fixtures = {
  world: World;
  /** Starts an empty runtime of this test's own, or one that goes on where an ended one was; `settings` is TOML for its configuration. */
  start: (policies?: Record<string, string>, after?: Fresh, settings?: string) => Promise<Fresh>;
  /** Opens a path of a console with its token. */
  open: (path: string, at?: World) => Promise<void>;
  /** Calls a command of the seeded runtime. */
  ask: (name: string, args?: object) => Promise<any>;
};

export const test = base.extend<Fixtures & { watched: void }>({
  world: async ({}, use) => use(JSON.parse(process.env.SWITCHTOWER_WORLD ?? "{}")),
  start: async ({ world }, use) => {
    const started: Fresh[] = [];
    await use(async (policies = {}, after, settings = "") => {
      const runtime = await startRuntime(world.provider, { policies, after, settings, ui: join(root, "ui", "dist") });
      const release = (name: string) => fetch(`${world.provider}/release/${name}`, { method: "POST" });
      started.push({ ...runtime, provider: world.provider, release } as Fresh);
      return started.at(-1) as Fresh;
    });
    await Promise.all(started.map((runtime) => runtime.stop()));
  },
  ask: async ({ world }, use) =>
    use(async (name, args = {}) => {
      const headers = { authorization: `Bearer ${world.token}`, "content-type": "application/json" };
      const response = await fetch(`${world.console}/rpc/${name}`, { method: "POST", headers, body: JSON.stringify(args) });
      if (!response.ok) throw new Error(`${name}: ${await response.text()}`);
      return response.json();
    }),
  open: async ({ page, world }, use) =>
    use(async (path, at = world) => {
      await page.goto(`${at.console}${path}${path.includes("?") ? "&" : "?"}token=${at.token}`);
      await page.getByRole("navigation", { name: "Main" }).waitFor();
    }),
  // Holds for every test: nothing is asked of any other origin, no question asks for a whole session, nothing is thrown.
  watched: [
    async ({ page }, use) => {
      const wrong: string[] = [];
      page.on("request", (request) => {
        const url = new URL(request.url());
        if (url.hostname !== "127.0.0.1" || url.protocol !== "http:") wrong.push(`asked ${request.url()}`);
        if (url.pathname !== "/rpc/list_timeline") return;
        const { count } = request.postDataJSON();
        if (!(count <= WINDOW)) wrong.push(`list_timeline asked for ${count} rows`);
      });
      page.on("response", async (response) => {
        if (!response.url().endsWith("/rpc/list_timeline") || !response.ok()) return;
        const { rows } = await response.json().catch(() => ({ rows: [] }));
        if (rows.length > WINDOW) wrong.push(`list_timeline gave ${rows.length} rows`);
      });
      page.on("pageerror", (error) => wrong.push(`thrown: ${error.message}`));
      page.on("console", (message) => {
        if (message.type() === "error" && /Content Security Policy|React|key/.test(message.text())) wrong.push(message.text());
      });
      page.on("dialog", (dialog) => {
        wrong.push(`a dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      await use();
      expect(wrong).toEqual([]);
    },
    { auto: true },
  ],
});

/** The session of the seeded runtime with this agent. */
export async function sessionOf(ask: Fixtures["ask"], agent: string): Promise<any> {
  const { sessions } = await ask("list_sessions", { query: `agent:${agent}`, limit: 50 });
  return sessions.findLast((session: { parent: string | null }) => session.parent === null) ?? sessions[0];
}

export const rowsOf = (page: Page) => page.getByTestId("timeline-row");
