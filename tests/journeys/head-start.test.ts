import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { openSecondPage } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { oneMore } from "../support/fault-steps.ts";
import { HttpUser } from "../support/http-user.ts";
import { journeys, type Journey } from "../support/journey.ts";
import { numberedWords, question } from "../support/model-script.ts";
import {
  assistantText,
  chatIdOf,
  send,
  shown,
  waitAnswered,
  waitForText,
  waitReady,
} from "../support/page.ts";
import { SecondWeb, signInAt } from "../support/second-web.ts";

/** What a browser says of requests that met a part that was down, or refused. */
const NETWORK = /Failed to load resource|ERR_|net::|Failed to fetch|NetworkError/;
const { journey } = journeys({ HEAD_START: "on" });

type Told = { headStart?: boolean; firstTokenMs?: number; recovered?: boolean };

/** What the chat's answers tell about themselves, in their order; waits for so many. */
async function answersOf({ app }: Journey, chatId: string, count = 1): Promise<Told[]> {
  return eventually(
    async () => {
      const rows = await app.query<{ metadata: Told }>(
        `SELECT message->'metadata' AS metadata FROM "Message"
          WHERE "chatId" = $1 AND message->>'role' = 'assistant' ORDER BY position`,
        [chatId],
      );
      return rows.length >= count ? rows.map(({ metadata }) => metadata) : null;
    },
    { what: () => `no ${count} answers are stored\n${app.logs()}`, ms: 30_000 },
  );
}

const bills = ({ app }: Journey, chatId: string) =>
  app.query<{ inputTokens: number; estimated: boolean }>(
    `SELECT "inputTokens", estimated FROM "Usage" WHERE "chatId" = $1 AND kind = 'answer' ORDER BY at`,
    [chatId],
  );

journey("the first answer is the one that was asked ahead: told, stored and billed once", async (journey) => {
  const { model, check } = journey;
  const { page } = await journey.signedUp();
  const { text, key } = question("Begin at once");
  const answer = numberedWords(20);
  model.answer(key, { text: answer });
  await send(page, text);
  const chatId = await chatIdOf(page);
  await waitAnswered(page, 1);
  await check(chatId, [{ user: text, answer }], page);
  const [told] = await answersOf(journey, chatId);
  expect(told).toMatchObject({ headStart: true });
  expect(told?.firstTokenMs).toBeGreaterThan(0);
  expect(await bills(journey, chatId)).toEqual([{ inputTokens: 10, estimated: false }]);
  await oneMore(journey, page, chatId, [{ user: text, answer }]);
  expect((await answersOf(journey, chatId, 2))[1]?.headStart, "a later message has its run").toBeUndefined();
});

journey("what is asked ahead has the chat's instructions, temperature and file in it", async (journey) => {
  const { app, model } = journey;
  const user = await new HttpUser(app).signUp();
  const { text, key } = question("Read this");
  model.answer(key, { text: "I have read it." });
  const chatId = randomUUID();
  const form = new FormData();
  const fields = {
    chatId,
    messageId: randomUUID(),
    text,
    systemPrompt: "Speak like a sailor.",
    temperature: "0.3",
  };
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set("files", new File(["The cargo is marmalade."], "cargo.txt", { type: "text/plain" }));
  const sent = await user.get("/chats?index", { method: "POST", body: form, headers: { origin: app.url } });
  expect(sent.status).toBe(302);
  expect(await answersOf(journey, chatId)).toMatchObject([{ headStart: true }]);
  const asked = model.askedFor(key);
  expect(asked).toHaveLength(1);
  expect(asked[0]?.request).toMatchObject({ temperature: 0.3 });
  const told = JSON.stringify(asked[0]?.request.messages);
  expect(told).toContain("Speak like a sailor.");
  expect(told).toContain("The cargo is marmalade.");
});

journey("a first step that calls a tool is gone on with by the run", async (journey) => {
  const { model } = journey;
  const { page } = await journey.signedUp();
  const { text, key } = question("Reckon");
  model.answer(key, { tool: { name: "calculate", input: { expression: "6 * 7" } }, text: "It is 42." });
  await send(page, text);
  const chatId = await chatIdOf(page);
  await waitAnswered(page, 1);
  expect(await assistantText(page)).toBe("It is 42.");
  expect(await page.locator("[data-part=tool-calculate]").count(), "its card").toBe(1);
  expect(model.askedFor(key), "one request a step").toHaveLength(2);
  expect(await answersOf(journey, chatId)).toMatchObject([{ headStart: true }]);
});

journey("a first step that fails says so as always, and costs no second request", async (journey) => {
  const { model } = journey;
  const { page } = await journey.signedUp();
  const { text, key } = question("Fail me");
  model.answer(key, { fail: { status: 401, message: "no such key" } });
  await send(page, text);
  await page
    .getByRole("button", { name: /Try again/ })
    .first()
    .waitFor();
  expect(await page.getByText(text).count(), "the message is kept").toBeGreaterThan(0);
  expect(model.askedFor(key)).toHaveLength(1);
});

journey("a reload in the middle of it goes on with it", async (journey) => {
  const { model, check } = journey;
  const { page } = await journey.signedUp();
  const { text, key } = question("Reload me");
  const answer = numberedWords(40);
  const prepared = model.answer(key, { text: answer, holdAfter: 12 });
  await send(page, text);
  const chatId = await chatIdOf(page);
  await prepared.held();
  await waitForText(page, 45);
  await page.reload();
  await waitForText(page, 45);
  prepared.release();
  await waitAnswered(page, 1);
  await check(chatId, [{ user: text, answer }], page);
  expect(await answersOf(journey, chatId)).toMatchObject([{ headStart: true }]);
});

journey(
  "kill -9 of the web server in the middle of it: it is answered anew by itself, once",
  async (journey) => {
    const { app, model, check } = journey;
    journey.expectedProblems.push(NETWORK);
    const { page } = await journey.signedUp();
    const { text, key } = question("Lose the web");
    const answer = numberedWords(40);
    const prepared = model.answer(key, (attempt) =>
      attempt === 1 ? { text: answer, holdAfter: 12 } : { text: answer },
    );
    await send(page, text);
    const chatId = await chatIdOf(page);
    await prepared.held();
    await waitForText(page, 45);
    const back = app.keepDown("web");
    await waitAnswered(page, 1, 60_000);
    expect(await assistantText(page)).toBe(answer);
    expect(app.pid("web"), "the web server was away all the time").toBeNull();
    back();
    await app.healthy();
    await page.reload();
    await waitReady(page);
    const turn = { user: text, answer, asked: 2 };
    await check(chatId, [turn], page);
    expect(await answersOf(journey, chatId)).toMatchObject([{ recovered: true }]);
    await oneMore(journey, page, chatId, [turn]);
  },
);

journey(
  "kill -9 of the web server before the run has come for it: the run asks for itself",
  async (journey) => {
    const { app, model, check } = journey;
    journey.expectedProblems.push(NETWORK);
    const { page } = await journey.signedUp();
    const { text, key } = question("Nobody waits");
    const answer = numberedWords(20);
    const prepared = model.answer(key, (attempt) =>
      attempt === 1 ? { text: answer, holdAfter: 3 } : { text: answer },
    );
    const worker = app.keepDown("worker");
    await send(page, text);
    const chatId = await chatIdOf(page);
    await prepared.held();
    // The page is whole: what is lost now is not its own data.
    await eventually(async () => (await shown(page)).some((one) => one.text === text), {
      what: () => "the page does not show the message",
    });
    const web = app.keepDown("web");
    worker();
    await eventually(() => prepared.asked.length === 2, {
      what: () => `no run has asked\n${app.logs()}`,
      ms: 60_000,
    });
    web();
    await app.healthy();
    await page.reload();
    await waitAnswered(page, 1);
    await check(chatId, [{ user: text, answer, asked: 2 }], page);
    expect((await answersOf(journey, chatId))[0]?.headStart).toBeUndefined();
  },
);

journey(
  "with two web servers the run takes its first answer from the one that asked, and is asked anew when that is killed",
  async (journey) => {
    const { app, model, check } = journey;
    journey.expectedProblems.push(NETWORK);
    const other = await SecondWeb.start(app, model.baseUrl, { HEAD_START: "on" });
    try {
      const tab = await journey.signedUp();
      const { page } = tab;
      await signInAt(page, other);
      await page.goto(`${other.url}/chats`);
      const first = question("Through the other");
      model.answer(first.key, { text: numberedWords(20) });
      await send(page, first.text);
      const whole = await chatIdOf(page);
      await waitAnswered(page, 1);
      expect(await answersOf(journey, whole)).toMatchObject([{ headStart: true }]);
      await check(whole, [{ user: first.text, answer: numberedWords(20) }], page);

      await page.goto(`${other.url}/chats`);
      const { text, key } = question("Lose the other");
      const answer = numberedWords(40);
      const prepared = model.answer(key, (attempt) =>
        attempt === 1 ? { text: answer, holdAfter: 12 } : { text: answer },
      );
      await send(page, text);
      const chatId = await chatIdOf(page);
      await prepared.held();
      await waitForText(page, 45);
      await other.kill9();
      await waitAnswered(page, 1, 60_000);
      expect(await assistantText(page), "in the page of the one that is gone").toBe(answer);
      const there = await openSecondPage(tab, `/chats/${chatId}`);
      await waitReady(there);
      const turn = { user: text, answer, asked: 2 };
      await check(chatId, [turn], there);
      expect(await answersOf(journey, chatId)).toMatchObject([{ recovered: true }]);
      await oneMore(journey, there, chatId, [turn]);
    } finally {
      await other.kill9();
    }
  },
);
