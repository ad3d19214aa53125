import type { Page } from "playwright-core";
import { expect } from "vitest";
import type { App } from "../support/app.ts";
import { openSecondPage } from "../support/browser.ts";
import { fitsSideways, PHONE } from "../support/conditions.ts";
import { eventually } from "../support/eventually.ts";
import { killRun } from "../support/fault-steps.ts";
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
} from "../support/page.ts";

const { journey } = journeys();
/** What the open disclosure of the last answer says, by name. */
async function facts(page: Page): Promise<Record<string, string>> {
  const rows = page.locator("details.message-info[open]").last().locator("dl > div");
  return Object.fromEntries(
    await rows.evaluateAll((all) =>
      all.map((row) => [row.querySelector("dt")?.innerText ?? "", row.querySelector("dd")?.innerText ?? ""]),
    ),
  );
}

journey(
  "an answer explains itself after one click, by keyboard, on a phone, after a reload and in a second tab",
  async (journey) => {
    const { model, check } = journey;
    const tab = await journey.signedUp({ viewport: PHONE, colorScheme: "dark" });
    const { page } = tab;
    const { text, key } = question("Explain yourself");
    model.answer(key, { text: "This is the answer." });
    await send(page, text);
    const chatId = await chatIdOf(page);
    await waitAnswered(page, 1);
    const button = page.locator("summary[aria-label='About this answer']");
    await button.click();
    const said = await facts(page);
    // The page may be ready a moment before the run has written the answer.
    const row = await eventually(async () => (await storedFacts(journey.app, chatId))[0], {
      what: () => "the answer is not in the database",
      ms: 30_000,
    });
    expect(said).toMatchObject({
      Model: "openai-compatible:scripted",
      Attempt: "1",
      Version: row.version,
      "Ended by": "The model was done",
      Run: row.runId,
      "Tokens out": String(row.outputTokens),
    });
    expect(row.version).toMatch(/\S/);
    expect(said["First token after"]).toMatch(/^[\d.]+ m?s$/);
    expect(said.Took).toMatch(/^[\d.]+ m?s$/);
    expect(said).not.toHaveProperty("Recovered");
    await fitsSideways(page);
    const second = await openSecondPage(tab, page.url());
    await hydrated(second);
    await second.locator("summary[aria-label='About this answer']").click();
    expect(await facts(second), "in a second tab").toEqual(said);
    await second.close();
    expect((await shown(page)).map((message) => message.text)).toEqual([text, "This is the answer."]);

    await page.reload();
    await hydrated(page);
    expect(await page.locator("details.message-info[open]").count()).toBe(0);
    await button.focus();
    await page.keyboard.press("Enter");
    expect(await facts(page)).toEqual(said);
    await page.keyboard.press("Enter");
    expect(await page.locator("details.message-info[open]").count()).toBe(0);
    await check(chatId, [{ user: text, answer: "This is the answer." }], page);
  },
);

type StoredFacts = { runId: string; version: string; outputTokens: number };

/** What the database has of a chat's answers. */
function storedFacts(app: App, chatId: string): Promise<StoredFacts[]> {
  return app.query<StoredFacts>(
    `SELECT message->'metadata'->>'runId' AS "runId", message->'metadata'->'outputTokens' AS "outputTokens",
            message->'metadata'->>'version' AS "version"
     FROM "Message" WHERE "chatId" = $1 AND message->>'role' = 'assistant' ORDER BY position`,
    [chatId],
  );
}

journey("an answer that was stopped says so in its facts, also after a reload", async (journey) => {
  const { page } = await journey.signedUp();
  const { text, key } = question("Stop in the middle");
  const prepared = journey.model.answer(key, { text: numberedWords(200), holdAfter: 8 });
  await send(page, text);
  await prepared.held();
  await waitForText(page, 20);
  expect(await page.locator("details.message-info").count(), "while it is written").toBe(0);
  await stopButton(page).click();
  const button = page.locator("summary[aria-label='About this answer']");
  await button.click();
  const cut = { Complete: "No, it was cut short", Attempt: "1" };
  await expect.poll(() => facts(page), { timeout: 30_000 }).toMatchObject(cut);
  await waitReady(page);
  prepared.release();
  const partial = await assistantText(page);
  await page.reload();
  await button.click();
  expect(await facts(page)).toMatchObject(cut);
  expect(await assistantText(page)).toBe(partial);
});

journey("an answer that was begun again after a crash says that it was recovered", async (journey) => {
  const { model } = journey;
  const { page } = await journey.signedUp();
  const { text, key } = question("Survive this");
  const answer = numberedWords(60);
  const prepared = model.answer(key, (attempt) =>
    attempt === 1 ? { text: answer, holdAfter: 10 } : { text: answer },
  );
  await send(page, text);
  await prepared.held();
  await waitForText(page, 20);
  await killRun(journey, await chatIdOf(page));
  await waitAnswered(page, 1);
  await page.locator("summary[aria-label='About this answer']").click();
  expect(await facts(page)).toMatchObject({ Recovered: "Answered anew after its first run was lost" });
  prepared.release();
  expect((await shown(page)).map((message) => message.text)).toEqual([text, answer]);
});

journey("an answer that a further attempt of its run gave tells which", async (journey) => {
  const { model, app } = journey;
  const { page } = await journey.signedUp();
  await send(page, question("Begin").text);
  const chatId = await chatIdOf(page);
  await waitAnswered(page, 1);
  // As in a session whose host lets a crashed run try again; the next run is one of those.
  await app.query(
    `UPDATE local_trigger.sessions SET trigger_config = (trigger_config::jsonb || '{"maxAttempts":3}')::json
     WHERE external_id = $1`,
    [chatId],
  );
  await killRun(journey, chatId);
  const { text, key } = question("Try once more");
  const prepared = model.answer(key, (attempt) => ({
    text: "Got it now.",
    ...(attempt === 1 ? { holdAfter: 1 } : {}),
  }));
  await send(page, text);
  await prepared.held();
  await waitForText(page, 3);
  await killRun(journey, chatId);
  await waitAnswered(page, 2);
  const look = async (): Promise<void> => {
    await page.locator("summary[aria-label='About this answer']").last().click();
    expect(await facts(page)).toMatchObject({ Attempt: "2" });
  };
  await look();
  await page.reload();
  await hydrated(page);
  await look();
  expect(prepared.asked).toHaveLength(2);
});

journey(
  "a draft survives a reload, the web server and the worker, and goes once it is sent",
  async (journey) => {
    const { model, check, app } = journey;
    const { page } = await journey.signedUp({ viewport: PHONE });
    await hydrated(page);
    const first = question("A first draft");
    model.answer(first.key, { text: "One." });
    await composer(page).fill(first.text);
    await page.reload();
    await hydrated(page);
    expect(await composer(page).inputValue(), "on the new-chat page").toBe(first.text);
    await sendButton(page).click();
    const chatId = await chatIdOf(page);
    await waitAnswered(page, 1);
    await page.reload();
    await hydrated(page);
    expect(await composer(page).inputValue(), "in the chat that it became").toBe("");

    const second = question("A second\ndraft of two lines");
    model.answer(second.key, { text: "Two." });
    await composer(page).fill(second.text);
    await killRun(journey, chatId);
    for (const part of ["worker", "web"] as const) await app.waitForNewPid(part, app.kill9(part));
    await app.healthy();
    await page.goto("/chats");
    await hydrated(page);
    expect(await composer(page).inputValue(), "the new-chat page has its own").toBe("");
    await page.goto(`/chats/${chatId}`);
    await hydrated(page);
    expect(await composer(page).inputValue()).toBe(second.text);
    await sendButton(page).click();
    await waitAnswered(page, 2);
    await page.reload();
    await hydrated(page);
    expect(await composer(page).inputValue(), "after it was answered").toBe("");
    await check(
      chatId,
      [
        { user: first.text, answer: "One." },
        { user: second.text, answer: "Two." },
      ],
      page,
    );
  },
);

journey("a message that was not acknowledged is in the box again after a reload", async (journey) => {
  const { page, context } = await journey.signedUp();
  const first = question("Begin");
  await send(page, first.text);
  const chatId = await chatIdOf(page);
  await waitAnswered(page, 1);
  journey.expectedProblems.push(/ERR_FAILED|Failed to (load|fetch)/);
  await context.route("**/realtime/v1/sessions/*/in/append", (route) => route.abort());
  const second = question("Never arrives");
  await send(page, second.text);
  await expect.poll(async () => (await shown(page)).map(({ text }) => text)).toContain(second.text);
  await page.reload();
  await hydrated(page);
  expect(await composer(page).inputValue()).toBe(second.text);
  expect((await shown(page)).map(({ text }) => text)).not.toContain(second.text);
  await context.unroute("**/realtime/v1/sessions/*/in/append");
  await sendButton(page).click();
  await waitAnswered(page, 2);
  await page.goto(`/chats/${chatId}`);
  await hydrated(page);
  expect(await composer(page).inputValue()).toBe("");
});

journey("signing out leaves no draft at the browser", async (journey) => {
  const { page } = await journey.signedUp();
  await hydrated(page);
  await composer(page).fill("Something private");
  await page.locator("details.account > summary").click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(/\/login/);
  expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([]);
});

journey("what is typed while a new chat is made is in the box of that chat", async ({ model, signedUp }) => {
  const { page } = await signedUp();
  const { text, key } = question("First");
  model.answer(key, { text: "The first answer." });
  let goOn = (): void => undefined;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  await page.route("**/chats.data*", async (route) => {
    if (route.request().method() === "POST") await held;
    await route.continue();
  });
  await send(page, text);
  await page.locator("[data-chat-status=submitted]").waitFor();
  await composer(page).fill("And then?");
  goOn();
  await waitAnswered(page, 1);
  expect(await composer(page).inputValue()).toBe("And then?");
  await page.goto("/chats");
  await hydrated(page);
  expect(await composer(page).inputValue(), "the next new chat has it not").toBe("");
});
