import type { Page } from "playwright-core";
import { expect } from "vitest";
import { journeys, type Journey } from "../support/journey.ts";
import { numberedWords, question } from "../support/model-script.ts";
import { chatIdOf, newPerson, signUp, waitAnswered, waitForText } from "../support/page.ts";

const { journey } = journeys();

/** Asks from a page without scripts, which then goes on with the answer. */
async function askPlainly({ open }: Journey, text: string): Promise<{ page: Page; chatId: string }> {
  const { page } = await open({ scripts: false });
  await signUp(page, newPerson());
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.getByRole("button", { name: "Send", exact: true }).click({ noWaitAfter: true });
  return { page, chatId: await chatIdOf(page) };
}

journey("without scripts a tool's result is shown while the answer is still being written", async (on) => {
  const { text, key } = question("Calculate for me");
  const prepared = on.model.answer(key, {
    tool: { name: "calculate", input: { expression: "6*7" } },
    text: numberedWords(40),
    holdAfter: 10,
  });
  const { page } = await askPlainly(on, text);
  await prepared.held();
  await page.waitForURL(/\/live$/, { waitUntil: "commit" });
  await waitForText(page, 40);
  const card = page.locator("[data-part=tool-calculate]:visible");
  expect(await card.count()).toBe(1);
  expect(await card.textContent()).toMatch(/Calculated[^]*Result\s*42/);
  prepared.release();
  await waitAnswered(page, 1);
});

journey("the document of an answer ends soon after its reader is signed out", async (on) => {
  const { text, key } = question("Signed out under it");
  const prepared = on.model.answer(key, { text: numberedWords(40), holdAfter: 10 });
  const { page } = await askPlainly(on, text);
  await prepared.held();
  await page.waitForURL(/\/live$/, { waitUntil: "commit" });
  await waitForText(page, 40);
  await on.app.query(`DELETE FROM "LoginSession"`);
  await page.waitForURL(/\/login/, { timeout: 60_000, waitUntil: "commit" });
  prepared.release();
});
