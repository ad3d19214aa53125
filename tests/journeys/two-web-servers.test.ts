import { expect } from "vitest";
import { openSecondPage } from "../support/browser.ts";
import { escaped, untilFirstHtml } from "../support/first-html.ts";
import { journeys, type Journey } from "../support/journey.ts";
import { numberedWords, question } from "../support/model-script.ts";
import { oneAddress } from "../support/one-address.ts";
import {
  assistantText,
  chatIdOf,
  composer,
  hydrated,
  newPerson,
  send,
  sendButton,
  signUp,
  waitAnswered,
  waitForText,
} from "../support/page.ts";
import { SecondWeb, signInAt } from "../support/second-web.ts";

const { journey } = journeys();

/** Two web servers with one database: the application's own stays, `other` is killed. */
async function withTwo(on: Journey, run: (other: SecondWeb) => Promise<void>): Promise<void> {
  const other = await SecondWeb.start(on.app, on.model.baseUrl);
  try {
    await run(other);
  } finally {
    await other.kill9();
  }
}

journey(
  "a turn that was begun through one web server is in the first HTML of the other, and both pages have all of it when the first is killed",
  async (on) => {
    const { app, model, check, expectedProblems } = on;
    expectedProblems.push(/ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|Failed to fetch/);
    await withTwo(on, async (other) => {
      const tab = await on.signedUp();
      const { page } = tab;
      await signInAt(page, other);
      await page.goto(`${other.url}/chats`);
      const { text, key } = question("Two servers");
      const answer = numberedWords(60);
      const prepared = model.answer(key, { text: answer, holdAfter: 40 });
      await send(page, text);
      const chatId = await chatIdOf(page);
      expect(page.url()).toBe(`${other.url}/chats/${chatId}`);
      await prepared.held();
      const sent = prepared.asked[0]?.sent ?? "";
      expect(sent.length).toBeGreaterThan(150);
      await waitForText(page, sent.trimEnd().length);
      const there = `${app.url}/chats/${chatId}`;
      const html = await untilFirstHtml(page, new RegExp(`<p>${escaped(sent.trimEnd())}`), there);
      expect(html).toContain('data-chat-status="streaming"');
      const second = await openSecondPage(tab, `/chats/${chatId}`);
      await hydrated(second);
      expect(await assistantText(second)).toBe(sent.trimEnd());
      await other.kill9();
      prepared.release();
      for (const each of [second, page]) await waitAnswered(each, 1);
      for (const each of [second, page]) await check(chatId, [{ user: text, answer }], each);
      expect(prepared.asked).toHaveLength(1);
    });
  },
);

journey(
  "without scripts the answer goes on through the other web server when the one that began it is killed",
  async (on) => {
    const { app, model, check, expectedProblems } = on;
    expectedProblems.push(/ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION/);
    await withTwo(on, async (other) => {
      const { page } = await on.open({ scripts: false });
      await signUp(page, newPerson());
      const both = await oneAddress([other, app].map(({ url }) => Number(new URL(url).port)));
      await signInAt(page, both);
      await page.goto(`${both.url}/chats`);
      const { text, key } = question("No scripts, two servers");
      const answer = numberedWords(60);
      const prepared = model.answer(key, { text: answer, holdAfter: 30 });
      await composer(page).fill(text);
      await sendButton(page).click({ noWaitAfter: true });
      const chatId = await chatIdOf(page);
      await prepared.held();
      await page.waitForURL(/\/live$/, { waitUntil: "commit" });
      await waitForText(page, 130);
      await other.kill9();
      // Nobody presses anything: the page that was cut off asks anew by itself, and gets on to the end.
      await page.waitForURL(/\/chats\/[0-9a-f-]{36}$/, { waitUntil: "commit" });
      await waitForText(page, 130);
      expect(answer.startsWith(await assistantText(page).catch(() => ""))).toBe(true);
      prepared.release();
      await waitAnswered(page, 1);
      await both.stop();
      await check(chatId, [{ user: text, answer }], page);
      expect(prepared.asked).toHaveLength(1);
    });
  },
);
