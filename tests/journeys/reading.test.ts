import type { Page } from "playwright-core";
import { expect } from "vitest";
import { openSecondPage } from "../support/browser.ts";
import { holdsUnder, PHONE, pressOn } from "../support/conditions.ts";
import { eventually } from "../support/eventually.ts";
import { journeys } from "../support/journey.ts";
import { numberedWords, question } from "../support/model-script.ts";
import { chatIdOf, hydrated, send, shown, stopButton, waitAnswered, waitForText } from "../support/page.ts";

const { journey } = journeys();
const SOON = { timeout: 20_000 };

const pressed = (page: Page, name: string): Promise<string | null> =>
  page.getByRole("button", { name, exact: true }).first().getAttribute("aria-pressed");

journey(
  "a vote is kept, also with the worker dead, can be changed and taken back, and is in a second tab and in the export",
  async (journey) => {
    const tab = await journey.signedUp({ viewport: PHONE });
    const { page } = tab;
    const { text, key } = question("Judge this");
    journey.model.answer(key, { text: "An answer." });
    await send(page, text);
    const chatId = await chatIdOf(page);
    await waitAnswered(page, 1);
    await page.getByRole("button", { name: "Good answer" }).click();
    await expect.poll(() => pressed(page, "Good answer"), SOON).toBe("true");
    const stored = () =>
      journey.app.query<{ value: string }>(`SELECT value FROM "Vote" WHERE "chatId" = $1`, [chatId]);
    await expect.poll(stored, SOON).toEqual([{ value: "up" }]);

    const second = await openSecondPage(tab, `/chats/${chatId}`);
    await hydrated(second);
    expect(await pressed(second, "Good answer")).toBe("true");
    await second.getByRole("button", { name: "Bad answer" }).focus();
    await second.keyboard.press("Enter");
    await expect.poll(stored, SOON).toEqual([{ value: "down" }]);
    await expect.poll(() => pressed(second, "Good answer"), SOON).toBe("false");

    await page.reload();
    await hydrated(page);
    expect(await pressed(page, "Bad answer")).toBe("true");
    // A vote needs no run, and outlives one.
    const kept = async (on: Page) => expect.poll(() => pressed(on, "Bad answer"), SOON).toBe("true");
    await holdsUnder(journey, tab, kept, ["390 px", "killed run"]);
    const letWorkerStart = journey.app.keepDown("worker");
    await pressOn(page, page.getByRole("button", { name: "Good answer" }).first());
    await expect.poll(stored, SOON).toEqual([{ value: "up" }]);
    await page.reload();
    await hydrated(page);
    expect(await pressed(page, "Good answer"), "without a worker").toBe("true");
    letWorkerStart();
    await page.getByRole("button", { name: "Bad answer" }).first().click();
    await expect.poll(stored, SOON).toEqual([{ value: "down" }]);
    const exported = (await (await page.context().request.get("/settings/export")).json()) as {
      chats: { messages: { role: string; vote: string | null }[] }[];
    };
    expect(exported.chats[0]?.messages.map(({ role, vote }) => [role, vote])).toEqual([
      ["user", null],
      ["assistant", "down"],
      ["user", null],
      ["assistant", null],
    ]);
    await page.getByRole("button", { name: "Bad answer" }).first().click();
    await expect.poll(stored, SOON).toEqual([]);
    await page.reload();
    expect(await pressed(page, "Bad answer")).toBe("false");
  },
);

journey("a vote works without scripts, for an answer of one's own chat alone", async (journey) => {
  const tab = await journey.signedUp();
  const { text, key } = question("Judge this plainly");
  journey.model.answer(key, { text: "An answer." });
  await send(tab.page, text);
  const chatId = await chatIdOf(tab.page);
  await waitAnswered(tab.page, 1);
  const [mine, answer] = await shown(tab.page);
  const plain = await journey.open({ scripts: false });
  await plain.context.addCookies(await tab.context.cookies());
  await plain.page.goto(`/chats/${chatId}`);
  await plain.page.getByRole("button", { name: "Good answer" }).click();
  await expect.poll(() => pressed(plain.page, "Good answer"), SOON).toBe("true");

  const vote = (target: string, form: object) =>
    tab.context.request.post(`/chats/${chatId}/vote`, {
      form: { target, ...form },
      headers: { origin: journey.app.url },
    });
  expect((await vote(answer?.id ?? "", { vote: "sideways" })).status()).toBe(400);
  expect((await vote(mine?.id ?? "", { vote: "up" })).status(), "a message of one's own").toBe(404);
});

journey(
  "an answer that is done elsewhere is marked in the list, on every device, until it is opened",
  async (journey) => {
    const tab = await journey.signedUp();
    const { page } = tab;
    const { text, key } = question("Take your time");
    const prepared = journey.model.answer(key, { text: numberedWords(30), holdAfter: 5 });
    await send(page, text);
    const chatId = await chatIdOf(page);
    await prepared.held();
    const row = (on: Page) => on.locator(`nav a[href="/chats/${chatId}"]`);
    const news = (on: Page): Promise<string | null> => row(on).getAttribute("data-news");
    expect(await news(page), "the chat that is open").toBeNull();
    await page.getByRole("link", { name: "New chat" }).click();
    await expect.poll(() => news(page), SOON).toBe("answering");
    prepared.release();
    await expect.poll(() => news(page), SOON).toBe("done");
    expect(await row(page).innerText()).toContain("New answer");

    // Another device, and a page that was loaded anew, have it from the server.
    const device = await journey.open();
    await device.context.addCookies(await tab.context.cookies());
    await device.page.goto("/chats");
    expect(await news(device.page)).toBe("done");
    await row(device.page).click();
    await chatIdOf(device.page);
    await waitAnswered(device.page, 1);
    await expect.poll(() => news(device.page), SOON).toBeNull();
    await page.reload();
    expect(await news(page), "on the first device").toBeNull();

    // What one sees being written is seen.
    await row(page).click();
    await page.getByText(text, { exact: true }).waitFor();
    await hydrated(page);
    const again = question("And again");
    journey.model.answer(again.key, { text: "Seen." });
    await send(page, again.text);
    await waitAnswered(page, 2);
    const seen = async () => {
      const [session] = await journey.app.query<{ done: boolean }>(
        `SELECT "seenEventId"::bigint >= "lastEventId"::bigint AS done FROM "ChatSession" WHERE "id" = $1`,
        [chatId],
      );
      return session?.done;
    };
    await expect.poll(seen, SOON).toBe(true);
  },
);

journey(
  "an edit of the message that is being answered stops the answer once it is sent, in one step",
  async (journey) => {
    const { page } = await journey.signedUp();
    const { text, key } = question("Not what I meant");
    const prepared = journey.model.answer(key, { text: numberedWords(100), holdAfter: 8 });
    await send(page, text);
    await prepared.held();
    await waitForText(page, 20);
    await page.locator(".message.user").hover();
    await page.getByRole("button", { name: "Edit message" }).click();
    const box = page.getByLabel("Edit your message");
    expect(await box.inputValue()).toBe(text);
    await stopButton(page).waitFor();
    const better = question("What I meant");
    journey.model.answer(better.key, { text: "That." });
    await box.fill(better.text);
    await box.press("Enter");
    await eventually(() => prepared.asked[0]?.state === "cut", {
      what: () => "the answer is not stopped",
      ms: 30_000,
    });
    await expect
      .poll(async () => (await shown(page)).map((message) => message.text), SOON)
      .toEqual([better.text, "That."]);
    expect(await page.locator(".versions").first().innerText()).toContain("2 / 2");
  },
);
