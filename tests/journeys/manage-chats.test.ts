import { randomUUID } from "node:crypto";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { journeys, type Journey } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import { chatIdOf, cutOff, hydrated, send, signUp, waitAnswered, newPerson } from "../support/page.ts";

const { journey } = journeys();
const PHONE = { width: 390, height: 844 };

const row = (page: Page, chatId: string) => page.locator(`nav a[href="/chats/${chatId}"]`);

async function chatted(on: Journey, page: Page): Promise<string> {
  const { text, key } = question("To be named");
  on.model.answer(key, { text: "Noted." });
  await send(page, text);
  const chatId = await chatIdOf(page);
  await waitAnswered(page, 1);
  await row(page, chatId).waitFor({ state: "attached" });
  await expect.poll(() => row(page, chatId).textContent(), { timeout: 30_000 }).toContain("A scripted title");
  return chatId;
}

/** By Tab alone, as far as it takes. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  const told = () =>
    page.evaluate(() => {
      const on = document.activeElement;
      return on?.getAttribute("aria-label") ?? on?.textContent ?? "";
    });
  for (let presses = 0; presses < 60; presses += 1) {
    if (name.test(await told())) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab never came to ${String(name)}; it is at "${await told()}".`);
}

journey("a chat is renamed and deleted by keyboard alone", async (on) => {
  const { page } = await on.signedUp();
  const chatId = await chatted(on, page);
  await page.locator("nav a").first().focus();
  await tabTo(page, /^Rename “A scripted title/);
  await page.keyboard.press("Enter");
  await page.keyboard.type("Named by keys");
  await page.keyboard.press("Enter");
  await expect.poll(() => row(page, chatId).textContent()).toContain("Named by keys");
  await page.locator("nav a").first().focus();
  await tabTo(page, /^Delete “Named by keys/);
  await page.keyboard.press("Enter");
  await tabTo(page, /^Delete$/);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/chats$/);
  await row(page, chatId).waitFor({ state: "detached" });
});

journey("on a phone a chat is renamed and deleted from its own page", async (on) => {
  const { page } = await on.signedUp({ viewport: PHONE });
  const chatId = await chatted(on, page);
  await page.locator("details.chat-panel > summary").click();
  await page.getByLabel("Title", { exact: true }).fill("Named by thumb");
  await page.getByRole("button", { name: "Rename", exact: true }).click();
  await expect.poll(() => page.title()).toBe("Named by thumb – Longrun");
  await page.getByText("Delete this chat…").click();
  const erase = page.getByRole("button", { name: "Delete it" });
  expect(await cutOff(erase), "boxes that have to be moved sideways").toEqual([]);
  await erase.click();
  await page.waitForURL(/\/chats$/);
  await row(page, chatId).waitFor({ state: "detached" });
});

journey("without scripts too", async (on) => {
  const tab = await on.signedUp();
  const chatId = await chatted(on, tab.page);
  const plain = await on.open({ scripts: false });
  await plain.context.addCookies(await tab.context.cookies());
  const { page } = plain;
  await page.goto(`/chats/${chatId}`);
  await page.locator("details.chat-panel > summary").click();
  await page.getByLabel("Title", { exact: true }).fill("Named by a form");
  await page.getByRole("button", { name: "Rename", exact: true }).click();
  await expect.poll(() => row(page, chatId).textContent()).toContain("Named by a form");
  await page.locator("details.chat-panel > summary").click();
  await page.getByText("Delete this chat…").click();
  await page.getByRole("button", { name: "Delete it" }).click();
  await page.waitForURL(/\/chats$/);
  expect(await row(page, chatId).count()).toBe(0);
});

for (const scripts of [true, false]) {
  journey(`older chats come page by page ${scripts ? "with" : "without"} scripts`, async (on) => {
    const tab = await on.open();
    const person = await signUp(tab.page, newPerson());
    await on.app.query(
      `INSERT INTO "Chat" ("id", "userId", "title", "createdAt", "updatedAt")
       SELECT $2 || n, u."id", 'Chat number ' || n, now(), now() - make_interval(hours => n)
       FROM "User" u, generate_series(1, 130) n WHERE u."email" = $1`,
      [person.email, randomUUID().slice(0, -3)],
    );
    const { page, context } = await on.open({ scripts });
    await context.addCookies(await tab.context.cookies());
    await page.goto("/chats");
    if (scripts) await hydrated(page);
    const titles = page.locator("nav .row-link");
    for (const count of [60, 120, 130]) {
      await expect.poll(() => titles.count(), { timeout: 20_000 }).toBe(count);
      const more = page.getByRole("button", { name: "Older chats" });
      if (count < 130) await more.click();
      else expect(await more.count()).toBe(0);
    }
    expect(await titles.last().textContent()).toContain("Chat number 130");
  });
}
