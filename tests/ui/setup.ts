// Starts the scripted provider and one runtime with a day's worth of sessions; the tests find both through the environment.
import { join } from "node:path";
import { root } from "../run/machine.mjs";
import { startRuntime } from "../clients/runtime.mjs";
import { startStories } from "./world/provider.mjs";
import { POLICIES, seed } from "./world/seed.mjs";
import { find } from "./world/stories.mjs";

export default async function setup() {
  const pace = Number(process.env.SWITCHTOWER_PACE ?? 1);
  const provider = await startStories(find, { pace });
  const runtime = await startRuntime(provider.base, { policies: POLICIES, ui: join(root, "ui", "dist") });
  await seed(runtime, { pace, many: Number(process.env.SWITCHTOWER_MANY ?? 120) });
  const { proxy, console, token, folder } = runtime;
  process.env.SWITCHTOWER_WORLD = JSON.stringify({ proxy, console, token, folder, provider: provider.base });
  return async () => {
    await runtime.stop();
    provider.stop();
  };
}
