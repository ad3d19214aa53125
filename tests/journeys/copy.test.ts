import type { Page } from "playwright-core";
import { expect } from "vitest";
import { journeys } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import { send, waitAnswered } from "../support/page.ts";

const { journey } = journeys();

const CODE = 'const say = "two\n  lines";';
const ANSWER = `Here it is:\n\n\`\`\`js\n${CODE}\n\`\`\`\n\nThat was **all**.`;

/** What a person would paste now. */
async function pasted(page: Page): Promise<string> {
  const box = page.getByLabel("Message", { exact: true });
  await box.fill("");
  await box.press("Control+V");
  return box.inputValue();
}

async function copies(page: Page): Promise<void> {
  await page.locator(".code-block").hover();
  await page.getByRole("button", { name: "Copy code" }).click();
  await page.getByRole("button", { name: "Copied" }).first().waitFor();
  await expect.poll(async () => (await pasted(page)).trimEnd(), { message: "the code" }).toBe(CODE);
  await page.locator("article.assistant").hover();
  await page.getByRole("button", { name: "Copy answer" }).click();
  await page.locator("article.assistant").getByRole("button", { name: "Copied" }).last().waitFor();
  await expect.poll(() => pasted(page), { message: "the answer, as it was written" }).toBe(ANSWER);
}

journey("code and an answer are copied as they were written", async ({ model, signedUp }) => {
  const { page, context } = await signedUp();
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const { text, key } = question("Show code");
  model.answer(key, { text: ANSWER });
  await send(page, text);
  await waitAnswered(page, 1);
  await copies(page);
});

journey("so they are where the browser gives the page no clipboard", async ({ model, signedUp }) => {
  const { page } = await signedUp();
  await page.addInitScript(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  const { text, key } = question("Show code");
  model.answer(key, { text: ANSWER });
  await page.reload();
  await send(page, text);
  await waitAnswered(page, 1);
  expect(await page.evaluate(() => "clipboard" in navigator && navigator.clipboard !== undefined)).toBe(
    false,
  );
  await copies(page);
});
