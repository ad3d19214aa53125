import type { Page } from "playwright-core";
import { expect } from "vitest";
import { journeys, type Journey } from "../support/journey.ts";
import { numberedWords, question } from "../support/model-script.ts";
import { chatIdOf, hydrated, send, waitAnswered } from "../support/page.ts";

const { journey } = journeys();
const SOON = { timeout: 60_000 };

/** A page of the same person on a device of its own, which stays where it is. */
async function lookingOn(on: Journey): Promise<{ desk: Page; other: Page }> {
  const desk = await on.signedUp();
  const { page: other, context } = await on.open();
  await context.addCookies(await desk.context.cookies());
  await other.goto("/chats");
  await hydrated(other);
  return { desk: desk.page, other };
}

/** The page is looked at again: it need not wait for its next look. */
const lookAt = (page: Page) => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));

const row = (page: Page, chatId: string) => page.locator(`nav a[href="/chats/${chatId}"]`);

journey("a chat that another device begins, renames and deletes shows in the list by itself", async (on) => {
  const { desk, other } = await lookingOn(on);
  const { text, key } = question("Begun at the desk");
  on.model.answer(key, { text: "Answered." });
  await send(desk, text);
  const chatId = await chatIdOf(desk);
  await waitAnswered(desk, 1);
  await row(other, chatId).waitFor(SOON);
  await row(desk, chatId).hover();
  await desk.getByRole("button", { name: /^Rename/ }).click();
  await desk.getByLabel("New title").fill("Named at the desk");
  await desk.keyboard.press("Enter");
  await expect.poll(() => row(desk, chatId).textContent()).toContain("Named at the desk");
  await lookAt(other);
  await expect.poll(() => row(other, chatId).textContent(), SOON).toContain("Named at the desk");
  await desk.getByRole("button", { name: /^Delete/ }).click();
  await desk.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await row(desk, chatId).waitFor({ state: "detached" });
  await lookAt(other);
  await row(other, chatId).waitFor({ state: "detached", ...SOON });
});

journey("an answer in it that nobody looks at is marked there when it is done", async (on) => {
  const { desk, other } = await lookingOn(on);
  const { text, key } = question("Take your time");
  const prepared = on.model.answer(key, { text: numberedWords(30), holdAfter: 5 });
  await send(desk, text);
  const chatId = await chatIdOf(desk);
  await prepared.held();
  await desk.close();
  const news = () => row(other, chatId).getAttribute("data-news", SOON);
  await expect.poll(news, SOON).toBe("answering");
  prepared.release();
  await expect.poll(news, SOON).toBe("done");
});
