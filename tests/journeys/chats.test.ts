import type { Page } from "playwright-core";
import { expect } from "vitest";
import type { App } from "../support/app.ts";
import { journeys } from "../support/journey.ts";
import { numberedWords, question } from "../support/model-script.ts";
import {
  chatIdOf,
  composer,
  cutOff,
  hydrated,
  newPerson,
  send,
  sendButton,
  shown,
  signUp,
  waitAnswered,
  waitForText,
} from "../support/page.ts";

const { journey } = journeys();
const sidebar = (page: Page) => page.getByRole("navigation", { name: "Chats" });
const linkTo = (page: Page, chatId: string) => sidebar(page).locator(`a[href="/chats/${chatId}"]`);

/** The tables, ours and local-trigger's, with a row that holds the word. */
async function tablesWith(app: App, word: string): Promise<string[]> {
  const rows = await app.query<{ found: string }>(
    `SELECT table_schema || '.' || table_name AS found FROM information_schema.tables
     WHERE table_schema IN ('public', 'local_trigger') AND table_type = 'BASE TABLE'
       AND query_to_xml(format('SELECT * FROM %I.%I', table_schema, table_name), true, false, '')::text LIKE $1`,
    [`%${word}%`],
  );
  return rows.map(({ found }) => found);
}

journey("a deep link with scripts off shows the history to its owner, after sign-in", async (journey) => {
  const { model, check } = journey;
  const { page } = await journey.open();
  const person = await signUp(page);
  const { text, key } = question("For later");
  model.answer(key, { text: "Here is **bold** and\n\n```js\nconst code = 1;\n```\n\nThe end." });
  await send(page, text);
  const chatId = await chatIdOf(page);
  await waitAnswered(page, 1);

  const plain = await journey.open({ scripts: false });
  await plain.page.goto(`/chats/${chatId}`);
  expect(plain.page.url()).toContain(`/login?redirectTo=${encodeURIComponent(`/chats/${chatId}`)}`);
  await plain.page.getByLabel("Email").fill(person.email);
  await plain.page.getByLabel("Password").fill(person.password);
  await plain.page.getByRole("button", { name: "Sign in" }).click();
  await plain.page.waitForURL(`**/chats/${chatId}`);
  const messages = await shown(plain.page);
  expect(messages.map(({ role }) => role)).toEqual(["user", "assistant"]);
  expect(messages[0]?.text).toBe(text);
  const answer = plain.page.locator("[data-role=assistant] [data-part=text]");
  expect(await answer.locator("strong").innerText()).toBe("bold");
  expect(await answer.locator("pre code").innerText()).toContain("const code = 1;");
  expect(await plain.page.locator("[data-chat-status]").getAttribute("data-chat-status")).toBe("ready");
  expect((await shown(page)).map(({ id }) => id)).toEqual(messages.map(({ id }) => id));
  await plain.page.close();
  await check(chatId, [
    { user: text, answer: "Here is **bold** and\n\n```js\nconst code = 1;\n```\n\nThe end." },
  ]);
});

journey(
  "with scripts off a message is sent by the plain form and answered",
  async ({ model, open, check }) => {
    const { page } = await open({ scripts: false });
    await signUp(page);
    const { text, key } = question("Without scripts");
    const answer = numberedWords(15);
    model.answer(key, { text: answer });
    await composer(page).fill(text);
    await sendButton(page).click();
    const chatId = await chatIdOf(page);
    const asked = async (): Promise<string | undefined> => (await shown(page).catch(() => []))[0]?.text;
    // The page may be on its way to the document that grows with the answer.
    await expect.poll(asked, { message: "the first HTML after the post", timeout: 5_000 }).toBe(text);
    const reloadUntilAnswered = async (count: number): Promise<void> => {
      await expect
        .poll(
          async () => {
            await page.reload();
            return page.locator("[data-chat-status]").getAttribute("data-chat-status");
          },
          { timeout: 20_000, interval: 200 },
        )
        .toBe("ready");
      expect(await shown(page)).toHaveLength(count);
    };
    await reloadUntilAnswered(2);
    await check(chatId, [{ user: text, answer }], page);

    const next = question("Again without scripts");
    model.answer(next.key, { text: "Again." });
    await composer(page).fill(next.text);
    await sendButton(page).click();
    await reloadUntilAnswered(4);
    const turns = [
      { user: text, answer },
      { user: next.text, answer: "Again." },
    ];
    await check(chatId, turns, page);
  },
);

journey(
  "the sidebar lists one's chats, newest first, under the titles that the model gave",
  async (journey) => {
    const { model, signedUp } = journey;
    const { page } = await signedUp();
    const ids: string[] = [];
    for (const about of ["First chat", "Second chat"]) {
      if (ids.length > 0) await page.goto("/chats");
      const { text, key } = question(about);
      model.answer(key, { text: `Answer to ${about}` });
      await send(page, text);
      ids.unshift(await chatIdOf(page));
      await waitAnswered(page, 1);
      await expect
        .poll(() => linkTo(page, ids[0] ?? "").innerText(), { timeout: 15_000 })
        .toContain("A scripted title");
    }
    const links = await sidebar(page)
      .locator('a[href^="/chats/"]')
      .evaluateAll((all) => all.map((link) => link.getAttribute("href")));
    expect(links.filter((href) => ids.some((id) => href === `/chats/${id}`))).toEqual(
      ids.map((id) => `/chats/${id}`),
    );
    expect(await linkTo(page, ids[0] ?? "").getAttribute("aria-current")).toBe("page");
  },
);

journey(
  "a chat is renamed, and deleted after one question, with everything that it left",
  async (journey) => {
    const { app, model } = journey;
    const { page } = await journey.signedUp();
    const { text, key } = question("To be deleted");
    model.answer(key, { text: `Gone soon ${key}` });
    await send(page, text);
    const chatId = await chatIdOf(page);
    await waitAnswered(page, 1);
    await expect
      .poll(() => linkTo(page, chatId).innerText(), { timeout: 15_000 })
      .toContain("A scripted title");

    expect((await tablesWith(app, key)).length, "the search for words finds them").toBeGreaterThan(1);

    await linkTo(page, chatId).hover();
    await page.getByRole("button", { name: /^Rename/ }).click();
    await page.getByLabel("New title").fill("A better name");
    await page.keyboard.press("Enter");
    await expect.poll(() => linkTo(page, chatId).innerText()).toContain("A better name");
    await page.reload();
    expect(await linkTo(page, chatId).innerText()).toContain("A better name");

    await hydrated(page);
    await linkTo(page, chatId).hover();
    await page.getByRole("button", { name: /^Delete/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    expect(await linkTo(page, chatId).count()).toBe(1);
    await page.getByRole("button", { name: /^Delete/ }).click();
    await dialog.getByRole("button", { name: "Delete" }).click();
    await page.waitForURL(/\/chats$/);
    expect(await linkTo(page, chatId).count()).toBe(0);
    journey.expectedProblems.push(/404/);
    expect((await page.goto(`/chats/${chatId}`))?.status()).toBe(404);
    for (const [table, column] of [
      ["Chat", "id"],
      ["Message", '"chatId"'],
      ["ChatSession", "id"],
    ] as const) {
      expect(await app.query(`SELECT 1 FROM "${table}" WHERE ${column} = $1`, [chatId]), table).toEqual([]);
    }
    expect(await tablesWith(app, key), "tables that still hold the words of the chat").toEqual([]);
  },
);

journey("the console stays clean and nothing scrolls sideways on a phone", async (journey) => {
  const { model } = journey;
  const { page, problems } = await journey.open({ viewport: { width: 390, height: 844 } });
  const person = newPerson();
  await page.goto("/login");
  expect(await cutOff(page.getByLabel("Email")), "sign-in").toEqual([]);
  await signUp(page, person);
  expect(await cutOff(composer(page)), "new chat").toEqual([]);
  const { text, key } = question(`On a phone ${"averyverylongwordwithoutanyspace".repeat(6)}`);
  const wide = `| ${Array.from({ length: 12 }, (_, i) => `column ${i}`).join(" | ")} |`;
  const rule = `| ${Array.from({ length: 12 }, () => "---").join(" | ")} |`;
  const answer = `${"unbroken".repeat(30)}\n\n\`\`\`js\n${"const x = 1; ".repeat(30)}\n\`\`\`\n\n${wide}\n${rule}\n${wide}`;
  const prepared = model.answer(key, { text: answer, pieceSize: 40, holdAfter: 8 });
  await send(page, text);
  await prepared.held();
  await waitForText(page, 200);
  const shownAnswer = page.locator("article.assistant");
  expect(await cutOff(shownAnswer), "while it streams").toEqual([]);
  prepared.release();
  await waitAnswered(page, 1);
  expect(await cutOff(shownAnswer), "a wide answer").toEqual([]);
  await page.reload();
  await hydrated(page);
  expect(await cutOff(shownAnswer), "after a reload").toEqual([]);
  expect(problems).toEqual([]);
});
