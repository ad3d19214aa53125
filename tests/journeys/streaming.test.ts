import type { Page } from "playwright-core";
import { expect } from "vitest";
import { openSecondPage } from "../support/browser.ts";
import { fitsSideways, PHONE } from "../support/conditions.ts";
import { journeys } from "../support/journey.ts";
import { numberedWords, question } from "../support/model-script.ts";
import {
  assistantText,
  chatIdOf,
  composer,
  hydrated,
  send,
  sendButton,
  shown,
  stopButton,
  waitAnswered,
  waitForText,
  waitReady,
  waitStatus,
  watchBeginnings,
} from "../support/page.ts";

const { journey } = journeys();

journey("a stranger signs up, asks, and watches the answer stream in", async ({ model, signedUp, check }) => {
  const { page } = await signedUp();
  const { text, key } = question("What streams");
  const answer = numberedWords(40);
  const prepared = model.answer(key, { text: answer, holdAfter: 10 });
  await send(page, text);
  const chatId = await chatIdOf(page);
  await prepared.held();
  await waitForText(page, 45);
  await waitStatus(page, "streaming");
  expect(answer.startsWith(await assistantText(page))).toBe(true);
  prepared.release();
  await waitAnswered(page, 1);
  await check(chatId, [{ user: text, answer }], page);

  const next = question("And then");
  model.answer(next.key, { text: "A second answer on the same run." });
  await send(page, next.text);
  await waitAnswered(page, 2);
  const turns = [
    { user: text, answer },
    { user: next.text, answer: "A second answer on the same run." },
  ];
  await check(chatId, turns, page);
  await page.reload();
  await hydrated(page);
  await check(chatId, turns, page);
});

journey(
  "three reloads in mid-stream lose no word, double none, and end on exactly the bytes that the model sent",
  async ({ model, signedUp, check }) => {
    const { page } = await signedUp();
    const { text, key } = question("A long one");
    const answer = `${numberedWords(120)} and, to end on, äöü 漢字 “quotes” – 👩‍🚀.`;
    const wrong = await watchBeginnings(page, answer);
    // It flows while it is reloaded, and does not run to its end before the last time.
    const prepared = model.answer(key, { text: answer, pieceSize: 6, pieceMs: 35, holdAfter: 120 });
    await send(page, text);
    const chatId = await chatIdOf(page);
    for (const length of [60, 300, 600]) {
      await waitForText(page, length);
      await page.reload();
      expect((await shown(page))[0]?.text, "the question is in the first HTML").toBe(text);
    }
    expect(prepared.asked[0]?.state, "the answer was still running at the last reload").toBe("open");
    prepared.release();
    await waitAnswered(page, 1);
    expect(await assistantText(page)).toBe(answer);
    expect(wrong()).toEqual([]);
    await check(chatId, [{ user: text, answer }], page);
    await page.reload();
    await waitReady(page);
    await check(chatId, [{ user: text, answer }], page);
  },
);

journey("an answer that ran to its end while no tab was open is there on the next visit", async (journey) => {
  const { model, signedUp, check } = journey;
  const { page } = await signedUp();
  const { text, key } = question("Nobody watches");
  const answer = numberedWords(30);
  const prepared = model.answer(key, { text: answer, holdAfter: 3 });
  await send(page, text);
  const chatId = await chatIdOf(page);
  await prepared.held();
  await page.goto("about:blank");
  prepared.release();
  await expect.poll(() => prepared.asked[0]?.state).toBe("done");
  await page.goto(`/chats/${chatId}`);
  await waitAnswered(page, 1);
  await check(chatId, [{ user: text, answer }], page);
});

journey("what one tab sends, the other shows, question and answer, without a reload", async (journey) => {
  const { model, check } = journey;
  const tab = await journey.signedUp();
  const first = question("In the first tab");
  model.answer(first.key, { text: "Seen in both." });
  await send(tab.page, first.text);
  const chatId = await chatIdOf(tab.page);
  await waitAnswered(tab.page, 1);
  const other = await openSecondPage(tab, `/chats/${chatId}`);
  await waitAnswered(other, 1);
  const { text, key } = question("Across tabs");
  const answer = numberedWords(20);
  model.answer(key, { text: answer });
  await send(other, text);
  const turns = [
    { user: first.text, answer: "Seen in both." },
    { user: text, answer },
  ];
  for (const page of [other, tab.page]) {
    await waitAnswered(page, 2);
    await check(chatId, turns, page);
  }
});

journey("two clicks on Send make one turn", async ({ model, signedUp, check }) => {
  const { page } = await signedUp();
  const { text, key } = question("Once only");
  const answer = numberedWords(10);
  model.answer(key, { text: answer });
  await hydrated(page);
  await composer(page).fill(text);
  await sendButton(page).dblclick();
  const chatId = await chatIdOf(page);
  await waitAnswered(page, 1);
  await page.reload();
  await waitReady(page);
  await check(chatId, [{ user: text, answer }], page);
});

journey("Stop keeps what was there, and the conversation goes on", async ({ model, signedUp, check }) => {
  const { page } = await signedUp();
  const { text, key } = question("Stop me");
  const prepared = model.answer(key, { text: numberedWords(40), holdAfter: 12 });
  await send(page, text);
  const chatId = await chatIdOf(page);
  await prepared.held();
  await waitForText(page, 55);
  await stopButton(page).click();
  await waitReady(page);
  await expect.poll(() => prepared.asked[0]?.state, { message: "the model was told to stop" }).toBe("cut");
  const stopped = { user: text, answer: { stopped: prepared.asked[0]?.sent ?? "" } };
  await check(chatId, [stopped], page);

  const next = question("Go on");
  model.answer(next.key, { text: "Gone on." });
  await send(page, next.text);
  await waitAnswered(page, 2);
  await check(chatId, [stopped, { user: next.text, answer: "Gone on." }], page);
});

journey("Stop works after a reload too", async ({ model, signedUp, check }) => {
  const { page } = await signedUp();
  const { text, key } = question("Stop me later");
  const prepared = model.answer(key, { text: numberedWords(40), holdAfter: 12 });
  await send(page, text);
  const chatId = await chatIdOf(page);
  await prepared.held();
  await page.reload();
  await hydrated(page);
  await waitForText(page, 55);
  await stopButton(page).click();
  await waitReady(page);
  await expect.poll(() => prepared.asked[0]?.state).toBe("cut");
  const stopped = { user: text, answer: { stopped: prepared.asked[0]?.sent ?? "" } };
  await check(chatId, [stopped], page);
  await page.reload();
  await waitReady(page);
  await check(chatId, [stopped], page);
});

journey("a model that fails is shown as an error, and the next message is answered", async (journey) => {
  const { model, signedUp, expectedProblems } = journey;
  expectedProblems.push(/./);
  const { page } = await signedUp();
  const { text, key } = question("Fail");
  model.answer(key, { fail: { status: 400, message: "the scripted model refuses" } });
  await send(page, text);
  await waitStatus(page, "error");
  const told = (of: Page) => of.getByRole("alert").filter({ hasText: "refused the request" });
  await told(page).waitFor();
  // Whoever comes later is told as well: in a second tab, on a phone, without scripts.
  const plain = await journey.open({ scripts: false });
  await plain.context.addCookies(await page.context().cookies());
  await plain.page.goto(page.url());
  await told(plain.page).waitFor();
  await page.setViewportSize(PHONE);
  await page.reload();
  await hydrated(page);
  await told(page).waitFor();
  await fitsSideways(page);
  expect(await page.locator("main").innerText()).not.toContain("cut short");
  const next = question("Better now");
  model.answer(next.key, { text: "Better." });
  await send(page, next.text);
  await waitReady(page);
  await expect.poll(() => assistantText(page)).toBe("Better.");
  expect(await page.getByRole("alert").count(), "it is not what one has to see to any more").toBe(0);
  await page.locator(".message.assistant", { hasText: "refused the request" }).waitFor();
});

journey("a failed answer can be asked for again after a reload", async ({ model, signedUp }) => {
  const { page } = await signedUp();
  const { text, key } = question("Fail once");
  const fail = { status: 400, message: "the scripted model refuses" };
  model.answer(key, (attempt) => (attempt === 1 ? { fail } : { text: "At last." }));
  await send(page, text);
  await waitStatus(page, "error");
  await page.reload();
  await hydrated(page);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect.poll(() => assistantText(page)).toBe("At last.");
  await waitReady(page);
  expect(await shown(page)).toHaveLength(2);
});
