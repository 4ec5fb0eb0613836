// The list of policies in its states: in force, in shadow, mixed, off, kept, broken; long names.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ACTS } from "../world/acts.mjs";
import { test } from "../world/browser";
import { pictures } from "../world/picture";
import { POLICIES } from "../world/seed.mjs";

for (const theme of ["light", "dark"] as const) {
  test.describe(theme, () => {
    test.use({ colorScheme: theme });
    test.describe.configure({ timeout: 120_000 });
    const shoot = pictures(theme);

    test("policies", async ({ page, open, start }) => {
      const off = 'version = 1\nname = "resting-over-the-holidays-with-a-name-that-goes-on-for-long"\nagents = ["research-*", "support-triage-*", "nightly-*"]\nmax_tool_errors = 3\n[defaults]\nmode = "off"\n';
      const runtime = await start({ ...POLICIES, "quarter.toml": ACTS, "off.toml": off, "broken.toml": 'version = 1\nname = "broken"\n[[rule]\n' });
      writeFileSync(join(runtime.folder, "policies", "quarter.toml"), ACTS.replace("tool.name == 'query_ledger'", "tool.nam == 'query_ledger'"));
      await open("/policies/quarter", runtime);
      await page.getByTestId("wrong").first().waitFor();
      await shoot(page, "policies-kept");
      await open("/policies/broken", runtime);
      await shoot(page, "policies-broken");
      await open("/policies/safe-tools?rule=destructive-command", runtime);
      await shoot(page, "policies-linked");
    });
  });
}
