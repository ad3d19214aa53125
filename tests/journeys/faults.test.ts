import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import { appendedTexts, killRun, killRuns, oneMore } from "../support/fault-steps.ts";
import { journeys } from "../support/journey.ts";
import { numberedWords, question } from "../support/model-script.ts";
import {
  assistantText,
  chatIdOf,
  send,
  shown,
  status,
  waitAnswered,
  waitForText,
  waitReady,
} from "../support/page.ts";

/** What a browser says of requests that met a part that was down. */
const NETWORK = /Failed to load resource|ERR_|net::|Failed to fetch|NetworkError/;
const { journey } = journeys();

journey("kill -9 of the web server in mid-answer: the open tab finishes", async (journey) => {
  const { app, model, check } = journey;
  journey.expectedProblems.push(NETWORK);
  const { page } = await journey.signedUp();
  const { text, key } = question("Without the web");
  const answer = numberedWords(60);
  const prepared = model.answer(key, { text: answer, holdAfter: 10, pieceMs: 10 });
  await send(page, text);
  const chatId = await chatIdOf(page);
  await prepared.held();
  await waitForText(page, 45);
  const back = app.keepDown("web");
  await expect
    .poll(() =>
      fetch(app.url).then(
        () => "up",
        () => "down",
      ),
    )
    .toBe("down");
  prepared.release();
  await waitAnswered(page, 1);
  expect(await assistantText(page)).toBe(answer);
  expect(app.pid("web"), "the web server was away all the time").toBeNull();
  back();
  await app.healthy();
  await page.reload();
  await waitReady(page);
  await check(chatId, [{ user: text, answer }], page);
  await oneMore(journey, page, chatId, [{ user: text, answer }]);
});

journey(
  "kill -9 of the run process in mid-answer: the open tab gets its answer by itself, nothing is doubled",
  async (journey) => {
    const { app, model, check } = journey;
    const { page } = await journey.signedUp();
    const { text, key } = question("Without the run");
    const answer = numberedWords(50);
    const prepared = model.answer(key, (attempt) =>
      attempt === 1 ? { text: answer, holdAfter: 12 } : { text: answer },
    );
    await send(page, text);
    const chatId = await chatIdOf(page);
    await prepared.held();
    await waitForText(page, 55);
    await killRun(journey, chatId);
    await eventually(() => prepared.asked.length === 2, {
      what: () => `no second run\n${app.logs()}`,
      ms: 20_000,
    });
    await waitAnswered(page, 1);
    const turn = { user: text, answer, asked: 2 };
    await check(chatId, [turn], page);
    await oneMore(journey, page, chatId, [turn]);
  },
);

journey(
  "kill -9 of the run process in a second turn: earlier turns stay, the cut one is answered anew",
  async (journey) => {
    const { model, check } = journey;
    const { page } = await journey.signedUp();
    const first = question("The first turn");
    model.answer(first.key, { text: "First answer." });
    await send(page, first.text);
    const chatId = await chatIdOf(page);
    await waitAnswered(page, 1);
    const { text, key } = question("The second turn");
    const answer = numberedWords(50);
    const prepared = model.answer(key, (attempt) =>
      attempt === 1 ? { text: answer, holdAfter: 12 } : { text: answer },
    );
    await send(page, text);
    await prepared.held();
    await waitForText(page, 55);
    await killRun(journey, chatId);
    await waitAnswered(page, 2);
    const turns = [
      { user: first.text, answer: "First answer." },
      { user: text, answer, asked: 2 },
    ];
    await check(chatId, turns, page);
    await page.reload();
    await waitReady(page);
    await check(chatId, turns, page);
  },
);

journey(
  "with the worker stopped a message is sent and the page reloaded: it is there, and is answered with no resend",
  async (journey) => {
    const { app, model, check } = journey;
    const { page } = await journey.signedUp();
    const first = question("While all is well");
    model.answer(first.key, { text: "All is well." });
    await send(page, first.text);
    const chatId = await chatIdOf(page);
    await waitAnswered(page, 1);

    const back = app.keepDown("worker");
    await killRuns(app);
    const { text, key } = question("While the worker is away");
    model.answer(key, { text: "The worker is back." });
    await send(page, text);
    await eventually(async () => (await appendedTexts(journey, chatId)).includes(text), {
      what: () => `the message was not acknowledged\n${app.logs()}`,
    });
    await page.reload();
    expect((await shown(page)).map((message) => message.text)).toEqual([first.text, "All is well.", text]);
    expect(await status(page)).toBe("submitted");
    expect(app.pid("worker")).toBeNull();
    expect(model.askedFor(key)).toHaveLength(0);
    back();
    await waitAnswered(page, 2);
    const turns = [
      { user: first.text, answer: "All is well." },
      { user: text, answer: "The worker is back." },
    ];
    await check(chatId, turns, page);
    await oneMore(journey, page, chatId, turns);
  },
);

journey("kill -9 of the worker host in mid-answer: the answer arrives in the open tab", async (journey) => {
  const { app, model, check } = journey;
  const { page } = await journey.signedUp();
  const { text, key } = question("Without the worker host");
  const answer = numberedWords(50);
  const prepared = model.answer(key, (attempt) =>
    attempt === 1 ? { text: answer, holdAfter: 12 } : { text: answer },
  );
  await send(page, text);
  const chatId = await chatIdOf(page);
  await prepared.held();
  await waitForText(page, 55);
  const old = app.kill9("worker");
  await app.waitForNewPid("worker", old);
  setTimeout(() => prepared.release(), 1000);
  await waitAnswered(page, 1, 60_000);
  await check(chatId, [{ user: text, answer, asked: prepared.asked.length }], page);
});

journey(
  "kill -9 of local-trigger in mid-answer: it heals, and the next message is answered",
  async (journey) => {
    const { app, model, check } = journey;
    journey.expectedProblems.push(NETWORK);
    const { page } = await journey.signedUp();
    const { text, key } = question("Without the Trigger API");
    const answer = numberedWords(120);
    const prepared = model.answer(key, { text: answer, pieceMs: 25 });
    await send(page, text);
    const chatId = await chatIdOf(page);
    await waitForText(page, 100);
    const old = app.kill9("local-trigger");
    expect(prepared.asked[0]?.state, "the kill fell into the open turn").toBe("open");
    await app.waitForNewPid("local-trigger", old);
    await app.healthy();
    await waitAnswered(page, 1, 60_000);
    expect(await assistantText(page)).toBe(answer);
    const turn = { user: text, answer, asked: prepared.asked.length };
    await page.reload();
    await waitReady(page);
    await check(chatId, [turn], page);
    await oneMore(journey, page, chatId, [turn]);
  },
);

journey("kill -9 of Postgres in mid-answer: it heals, and the next message is answered", async (journey) => {
  const { app, model, check } = journey;
  journey.expectedProblems.push(NETWORK);
  const { page } = await journey.signedUp();
  const { text, key } = question("Without Postgres");
  const answer = numberedWords(120);
  const prepared = model.answer(key, { text: answer, pieceMs: 25 });
  await send(page, text);
  const chatId = await chatIdOf(page);
  await waitForText(page, 100);
  const old = app.kill9("postgres");
  expect(prepared.asked[0]?.state, "the kill fell into the open turn").toBe("open");
  await app.waitForNewPid("postgres", old);
  await app.healthy();
  await waitAnswered(page, 1, 60_000);
  expect(await assistantText(page)).toBe(answer);
  const turn = { user: text, answer, asked: prepared.asked.length };
  await page.reload();
  await waitReady(page);
  await check(chatId, [turn], page);
  await oneMore(journey, page, chatId, [turn]);
});
