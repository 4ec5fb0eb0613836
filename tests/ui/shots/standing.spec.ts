// What rules read and did, in its states.
import { rowsOf, sessionOf, test } from "../world/browser";
import { pictures } from "../world/picture";

for (const theme of ["light", "dark"] as const) {
  test.describe(theme, () => {
    test.use({ colorScheme: theme });
    test.describe.configure({ timeout: 120_000 });
    const shoot = pictures(theme);

    test("standing", async ({ page, open, ask }) => {
      const main = await sessionOf(ask, "claude-code");
      await open(`/sessions/${main.id}`);
      await rowsOf(page).first().waitFor();
      await shoot(page, "standing-line");
      await page.keyboard.press("s");
      await shoot(page, "standing-open");
      await page.setViewportSize({ width: 900, height: 600 });
      await shoot(page, "standing-narrow");
      await page.setViewportSize({ width: 1440, height: 900 });
      const quiet = await sessionOf(ask, "invoice-reader");
      await open(`/sessions/${quiet.id}`);
      await rowsOf(page).first().waitFor();
      await shoot(page, "standing-other");
    });
  });
}
