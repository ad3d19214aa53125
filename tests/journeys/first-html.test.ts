import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import { escaped, untilFirstHtml } from "../support/first-html.ts";
import { framesLater, watchFrames } from "../support/frames.ts";
import { journeys } from "../support/journey.ts";
import { numberedWords, question } from "../support/model-script.ts";
import {
  assistantText,
  chatIdOf,
  hydrated,
  newPerson,
  send,
  shown,
  signUp,
  status,
  waitAnswered,
  waitForText,
  waitReady,
  watchBeginnings,
} from "../support/page.ts";

const { journey } = journeys();

const answerIn = (html: string): string =>
  /data-role="assistant"><div data-part="text" class="markdown"><p>([^<]*)/.exec(html)?.[1] ?? "";

journey(
  "the first HTML holds the answer as far as it has got; across the reload no frame has less of it",
  async ({ model, signedUp, check }) => {
    const { page } = await signedUp();
    const { text, key } = question("Held in HTML");
    const answer = numberedWords(60);
    const prepared = model.answer(key, { text: answer, holdAfter: 40, pieceMs: 15 });
    await send(page, text);
    const chatId = await chatIdOf(page);
    await prepared.held();
    const sent = prepared.asked[0]?.sent ?? "";
    await waitForText(page, sent.trimEnd().length);
    const html = await untilFirstHtml(page, new RegExp(escaped(sent)));
    expect(html).toContain('data-chat-status="streaming"');
    expect(answerIn(html)).toBe(sent);
    const frames = await watchFrames(page);
    const asked: string[] = [];
    page.on("request", (request) => {
      if (new URL(request.url()).pathname.endsWith("/out"))
        asked.push(request.headers()["last-event-id"] ?? "");
    });
    await page.reload();
    expect(await assistantText(page), "before or after its scripts").toBe(sent);
    await hydrated(page);
    await expect.poll(() => asked.length).toBeGreaterThan(0);
    expect(Number(asked[0]), "reads on behind what the HTML has").toBeGreaterThan(30);
    prepared.release();
    await waitAnswered(page, 1);
    expect(frames.wrong).toEqual([]);
    expect(frames.seen.length).toBeGreaterThan(5);
    await check(chatId, [{ user: text, answer }], page);
  },
);

journey("what is gone for a single frame is seen by the watchers of the other journeys", async (journey) => {
  const { page } = await journey.signedUp();
  const { text, key } = question("Watched");
  const answer = numberedWords(20);
  journey.model.answer(key, { text: answer });
  await send(page, text);
  await waitAnswered(page, 1);
  await page.reload();
  await hydrated(page);
  const frames = await watchFrames(page);
  const changes = await watchBeginnings(page, answer);
  await framesLater(page, 2);
  const flicker = (selector: string): Promise<void> =>
    page.evaluate(async (what) => {
      const element = document.querySelector(what);
      const place = document.createComment("");
      element?.replaceWith(place);
      for (let left = 3; left > 0; left -= 1) await new Promise(requestAnimationFrame);
      if (element) place.replaceWith(element);
    }, selector);
  for (const selector of [".message.assistant", ".message.user", "form.composer"]) {
    await flicker(selector);
    await framesLater(page, 3);
  }
  const gone = ["the answer is gone", `the message "${text}" is gone`, "the message box is gone"];
  expect(frames.wrong).toEqual(expect.arrayContaining(gone));
  expect(changes()).toEqual([`"${answer}" -> no answer`, ...gone.slice(1)]);
});

journey("a chat that is longer than its window is at its end from the first frame on", async (journey) => {
  const { page } = await journey.signedUp();
  const long = question(`A long one\n${"and on\n".repeat(60)}`);
  const prepared = journey.model.answer(long.key, { text: numberedWords(60), holdAfter: 40 });
  await send(page, long.text);
  await prepared.held();
  await waitForText(page, prepared.asked[0]?.sent.trimEnd().length ?? 0);
  const frames = await watchFrames(page);
  await page.reload();
  await hydrated(page);
  await framesLater(page, 20);
  expect(frames.wrong).toEqual([]);
  expect(frames.seen.at(-1)?.scroll).toBeGreaterThan(300);
  prepared.release();
  await waitAnswered(page, 1);
});

journey(
  "without scripts a plain form asks, and the page itself goes on with the answer until it is done",
  async ({ model, open, check }) => {
    const { page } = await open({ scripts: false });
    await signUp(page, newPerson());
    const { text, key } = question("No scripts");
    const answer = numberedWords(250);
    const prepared = model.answer(key, { text: answer, holdAfter: 30, pieceMs: 20 });
    await page.getByLabel("Message", { exact: true }).fill(text);
    await page.getByRole("button", { name: "Send", exact: true }).click({ noWaitAfter: true });
    const chatId = await chatIdOf(page);
    await prepared.held();
    await page.waitForURL(/\/live$/, { waitUntil: "commit" });
    await waitForText(page, 140);
    expect(await status(page)).toMatch(/submitted|streaming/);
    expect(answer.startsWith(await assistantText(page))).toBe(true);
    expect((await shown(page)).map(({ role }) => role)).toEqual(["user", "assistant"]);
    prepared.release();
    const texts: string[] = [];
    await eventually(
      async () => {
        texts.push(await assistantText(page).catch(() => texts.at(-1) ?? ""));
        return texts.at(-1) === answer;
      },
      { what: () => `the answer shows ${texts.at(-1)}`, ms: 60_000, everyMs: 20 },
    );
    expect(new Set(texts).size, "seen while it grew").toBeGreaterThan(3);
    for (const [at, now] of texts.entries()) expect(now.startsWith(texts[at - 1] ?? "")).toBe(true);
    await waitReady(page);
    expect(page.url()).toMatch(/\/chats\/[0-9a-f-]{36}$/);
    await check(chatId, [{ user: text, answer }], page);
  },
);

journey("without scripts the answer goes on when the web server is killed under it", async (journey) => {
  const { app, model, open, check, expectedProblems } = journey;
  expectedProblems.push(/ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION/);
  const { page } = await open({ scripts: false });
  await signUp(page, newPerson());
  const { text, key } = question("Killed under it");
  const answer = numberedWords(40);
  const prepared = model.answer(key, { text: answer, holdAfter: 15 });
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.getByRole("button", { name: "Send", exact: true }).click({ noWaitAfter: true });
  const chatId = await chatIdOf(page);
  await prepared.held();
  await page.waitForURL(/\/live$/, { waitUntil: "commit" });
  await waitForText(page, 65);
  const old = app.kill9("web");
  await app.waitForNewPid("web", old);
  await app.healthy();
  prepared.release();
  // Nobody presses anything: the page that was cut off asks anew by itself.
  await waitAnswered(page, 1, 60_000);
  await check(chatId, [{ user: text, answer }], page);
});
