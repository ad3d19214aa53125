import type { Page } from "playwright-core";
import { expect } from "vitest";
import { journeys } from "../support/journey.ts";
import { numberedWords, question } from "../support/model-script.ts";
import {
  assistantText,
  chatIdOf,
  composer,
  hydrated,
  send,
  shown,
  waitAnswered,
  waitForText,
  waitReady,
} from "../support/page.ts";

const { journey } = journeys();

const escape = (page: Page) => page.keyboard.press("Escape");

/** Opens what Escape closes, each in its own way; gives what is gone once it is closed. */
const closes: Record<string, (page: Page, waits: string) => Promise<string>> = {
  "the settings of the chat": async (page) => {
    await page.locator("details.chat-panel > summary").click();
    return "details.chat-panel[open]";
  },
  "the account menu": async (page) => {
    await page.locator("details.account > summary").click();
    return "details.account[open]";
  },
  "the edit of a message that waits": async (page, waits) => {
    await page.locator("article.user", { hasText: waits }).getByRole("button", { name: "Edit" }).click();
    await page.getByLabel("Edit the waiting message").fill("Other words");
    return ".editing";
  },
  "a rename": async (page) => {
    await page.locator("nav .row").first().hover();
    await page
      .getByRole("button", { name: /^Rename/ })
      .first()
      .click();
    await page.getByLabel("New title").fill("Another title");
    return ".renaming";
  },
  "a search": async (page) => {
    await page.getByRole("combobox", { name: "Search chats" }).fill("word");
    return ".searching";
  },
  "a dialog": async (page) => {
    await page.locator("nav .row").first().hover();
    await page
      .getByRole("button", { name: /^Delete/ })
      .first()
      .click();
    return "dialog[open]";
  },
};

journey("Escape closes what is open, and only that: the answer that streams goes on", async (journey) => {
  const { model, signedUp, check } = journey;
  const { page } = await signedUp();
  const first = question("Streams on");
  const answer = numberedWords(60);
  const prepared = model.answer(first.key, { text: answer, holdAfter: 8 });
  await send(page, first.text);
  const chatId = await chatIdOf(page);
  await prepared.held();
  await waitForText(page, 20);
  const next = question("Waits");
  model.answer(next.key, { text: "After it." });
  await send(page, next.text);
  await page.locator("[data-queue-state=waiting]").waitFor();
  for (const [name, open] of Object.entries(closes)) {
    const selector = await open(page, next.text);
    await page.locator(selector).waitFor();
    await escape(page);
    await expect.poll(() => page.locator(selector).count(), { message: name }).toBe(0);
  }
  prepared.release();
  await waitAnswered(page, 2);
  expect(prepared.asked.map(({ state }) => state)).toEqual(["done"]);
  await check(
    chatId,
    [
      { user: first.text, answer },
      { user: next.text, answer: "After it." },
    ],
    page,
  );
});

journey("Escape in the message box stops the answer, and what it had written stays", async (journey) => {
  const { model, signedUp } = journey;
  const { page } = await signedUp();
  const { text, key } = question("Stops here");
  const prepared = model.answer(key, { text: numberedWords(60), holdAfter: 8 });
  await send(page, text);
  await prepared.held();
  await waitForText(page, 20);
  await composer(page).fill("half a thought");
  await escape(page);
  await waitReady(page);
  const partial = await assistantText(page);
  expect(partial.length).toBeGreaterThan(0);
  expect(numberedWords(60).startsWith(partial.trim())).toBe(true);
  expect(await composer(page).inputValue()).toBe("half a thought");
  await page.reload();
  await hydrated(page);
  expect(await assistantText(page)).toBe(partial);
});

journey(
  "Up in an empty message box opens the message being answered; only sending it anew stops the answer",
  async (journey) => {
    const { model, signedUp } = journey;
    const { page } = await signedUp();
    const first = question("Asked badly");
    const prepared = model.answer(first.key, { text: numberedWords(60), holdAfter: 8 });
    await send(page, first.text);
    await prepared.held();
    await waitForText(page, 20);
    const box = page.getByLabel("Edit your message");
    await composer(page).press("ArrowUp");
    await box.waitFor();
    await escape(page);
    await box.waitFor({ state: "detached" });
    expect(await composer(page).evaluate((element) => element === document.activeElement)).toBe(true);
    prepared.release();
    await waitAnswered(page, 1);
    expect(await assistantText(page), "the answer was left alone").toBe(numberedWords(60));

    const second = question("Asked badly again");
    const better = question("Asked better");
    const cut = model.answer(second.key, { text: numberedWords(60), holdAfter: 8 });
    model.answer(better.key, { text: "The better answer." });
    await send(page, second.text);
    await cut.held();
    await composer(page).press("ArrowUp");
    await box.fill(better.text);
    await page.keyboard.press("Enter");
    await page.getByText("The better answer.", { exact: true }).waitFor();
    await waitReady(page);
    expect((await shown(page)).slice(-2).map(({ text }) => text)).toEqual([
      better.text,
      "The better answer.",
    ]);
    await expect.poll(() => cut.asked[0]?.state).toBe("cut");
  },
);
