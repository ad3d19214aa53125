import type { Page } from "playwright-core";
import { expect } from "vitest";
import { openSecondPage } from "../support/browser.ts";
import { fitsSideways, holdsUnder, PHONE, pressOn, showsTexts as shows } from "../support/conditions.ts";
import { killRun } from "../support/fault-steps.ts";
import { journeys } from "../support/journey.ts";
import { numberedWords, question } from "../support/model-script.ts";
import {
  chatIdOf,
  composer,
  hydrated,
  send,
  shown,
  stopButton,
  waitForText,
  waitReady,
  waitStatus,
} from "../support/page.ts";

const { journey } = journeys();

const texts = async (page: Page) => (await shown(page)).map(({ text }) => text);

const messageOf = (page: Page, text: string) =>
  page.locator("article.message", { has: page.getByText(text, { exact: true }) });

const waiting = (page: Page, text: string) => messageOf(page, text).locator("[data-queue-state]");

const act = (page: Page, text: string, name: string) =>
  messageOf(page, text).getByRole("button", { name }).click();

/** The same with the keys alone. */
const key = (page: Page, text: string, name: string) =>
  pressOn(page, messageOf(page, text).getByRole("button", { name }));

const gone = (page: Page, text: string) =>
  page.getByText(text, { exact: true }).waitFor({ state: "detached" });

/** Writes into the box and has it join the running answer, with the keys alone. */
async function steerByKeyboard(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await pressOn(page, page.locator("form.composer").getByRole("button", { name: "Steer now" }), {
    by: "Tab",
  });
}

journey(
  "what waits behind an answer is withdrawn and edited until it is taken, also after a kill of the run and a reload",
  async (journey) => {
    const { model, signedUp, app } = journey;
    const tab = await signedUp({ viewport: PHONE });
    const { page } = tab;
    const first = question("Runs");
    const running = model.answer(first.key, (attempt) => ({
      text: numberedWords(12),
      ...(attempt === 1 ? { holdAfter: 3 } : {}),
    }));
    const regretted = question("Withdrawn");
    const kept = question("Edited");
    const last = question("Last");
    for (const { key } of [kept, last]) model.answer(key, { text: `Answer ${key}` });
    await send(page, first.text);
    await running.held();
    await waitForText(page, 10);
    for (const { text } of [regretted, kept, last]) await send(page, text);
    await waiting(page, last.text).getByText("Waits for its turn").waitFor();
    const chatId = await chatIdOf(page);
    const other = await openSecondPage(tab, `/chats/${chatId}`);
    await hydrated(other);
    await waiting(other, regretted.text).waitFor();

    await key(page, regretted.text, "Withdraw");
    for (const each of [page, other]) await gone(each, regretted.text);
    await act(other, kept.text, "Edit");
    const box = other.getByLabel("Edit the waiting message");
    const edited = `Better ${kept.key}`;
    await box.fill(edited);
    await other.keyboard.press("Enter");
    await waiting(other, edited).waitFor();
    await waiting(page, edited).waitFor();
    await fitsSideways(page);
    await page.reload();
    expect((await texts(page)).filter((text) => text === regretted.text)).toEqual([]);
    await waiting(page, edited).waitFor();

    await killRun(journey, chatId);
    const end = [edited, `Answer ${kept.key}`, last.text, `Answer ${last.key}`];
    for (const each of [page, other]) {
      await waitReady(each);
      expect((await texts(each)).slice(-4)).toEqual(end);
    }
    await page.reload();
    await hydrated(page);
    expect((await texts(page)).slice(-4)).toEqual(end);
    expect(model.askedFor(regretted.key)).toEqual([]);
    expect(model.askedFor(kept.key)).toHaveLength(1);
    const refused = await page.request.post(`/chats/${chatId}/queue`, {
      form: { intent: "withdraw", target: (await shown(page)).at(-2)?.id ?? "" },
      headers: { origin: app.url },
    });
    expect(refused.status(), "an answered message cannot be withdrawn").toBe(409);
  },
);

journey(
  "a message steers the running answer at its next step, stands before it, and is there after a reload and in each tab",
  async ({ model, signedUp }) => {
    const tab = await signedUp({ viewport: PHONE });
    const { page } = tab;
    const first = question("Works");
    const working = model.answer(first.key, {
      tool: { name: "calculate", input: { expression: "2+3" } },
      holdTool: true,
    });
    const [steer, later, regretted] = [question("In French"), question("And short"), question("And loud")];
    const reworded = `Shorter ${later.key}`;
    model.answer(steer.key, { text: "Cinq." });
    const next = question("And then");
    model.answer(next.key, { text: "Next answer." });
    await send(page, first.text);
    await working.held();
    await waitStatus(page, "submitted");
    const other = await openSecondPage(tab, `/chats/${await chatIdOf(page)}`);
    for (const { text } of [next, later]) {
      await composer(page).fill(text);
      await page.keyboard.press("Enter");
      await waiting(page, text).waitFor();
    }
    await steerByKeyboard(page, steer.text);
    await steerByKeyboard(page, regretted.text);
    await key(page, later.text, "Steer now");
    const joins = (on: Page, text: string) => waiting(on, text).getByText("Joins the answer").waitFor();
    for (const on of [page, other]) {
      for (const { text } of [steer, later, regretted]) await joins(on, text);
      await waiting(on, next.text).getByText("Waits for its turn").waitFor();
    }

    await key(page, regretted.text, "Withdraw");
    await act(other, later.text, "Edit");
    await other.getByLabel("Edit the waiting message").fill(reworded);
    await other.keyboard.press("Enter");
    for (const on of [page, other]) {
      await gone(on, regretted.text);
      await joins(on, reworded);
    }
    await fitsSideways(page);
    await page.reload();
    await hydrated(page);
    for (const text of [steer.text, reworded]) await joins(page, text);

    working.release();
    const wanted = [first.text, reworded, steer.text, "Cinq.", next.text, "Next answer."];
    for (const on of [page, other]) await shows(on, wanted);
    await waitReady(page);
    await page.reload();
    await hydrated(page);
    await shows(page, wanted);
    const given = model
      .askedFor(steer.key)[0]
      ?.request.messages.slice(-3)
      .map(({ role }) => role);
    expect(given, "after the tool's result").toEqual(["tool", "user", "user"]);
    expect(model.askedFor(next.key)).toHaveLength(1);
    expect(model.askedFor(regretted.key)).toEqual([]);
  },
);

journey(
  "a message that steers outlives the kill of the run: it is answered once, in each tab and after a reload",
  async (journey) => {
    const { model, signedUp } = journey;
    const tab = await signedUp();
    const { page } = tab;
    const first = question("Works");
    const working = model.answer(first.key, (attempt) => ({
      tool: { name: "calculate", input: { expression: "2+3" } },
      holdTool: attempt === 1,
      text: "Five.",
    }));
    const steer = question("In French");
    model.answer(steer.key, { text: "Cinq." });
    await send(page, first.text);
    await working.held();
    await waitStatus(page, "submitted");
    await steerByKeyboard(page, steer.text);
    await waiting(page, steer.text).getByText("Joins the answer").waitFor();
    await killRun(journey, await chatIdOf(page));
    const once = async (on: Page) => {
      await waitReady(on);
      await shows(on, [first.text, "Five.", steer.text, "Cinq."]);
      expect(await waiting(on, steer.text).count()).toBe(0);
    };
    await holdsUnder(journey, tab, once, ["reload", "second tab"]);
    expect(model.askedFor(steer.key)).toHaveLength(1);
  },
);

journey(
  "Stop by keyboard keeps what was written, also after a kill, a reload and in a second tab, and the chat goes on",
  async (journey) => {
    const tab = await journey.signedUp();
    const { page } = tab;
    const { text, key: named } = question("Stopped");
    const prepared = journey.model.answer(named, { text: numberedWords(40), holdAfter: 8 });
    await send(page, text);
    await prepared.held();
    await waitForText(page, 35);
    await pressOn(page, stopButton(page), { by: "Tab" });
    await waitReady(page);
    const partial = prepared.asked[0]?.sent ?? "";
    expect(numberedWords(40).startsWith(partial) && partial.length >= 35).toBe(true);
    const kept = async (on: Page) => {
      await shows(on, [text, partial.trimEnd()]);
      await on.getByText("This answer was cut short.").waitFor();
    };
    await holdsUnder(journey, tab, kept, ["390 px", "second tab", "killed run"]);
    prepared.release();
    expect(journey.model.askedFor(named)).toHaveLength(1);
  },
);

journey(
  "what is written in the place of a waiting message stays when it is taken up and after a reload, and is asked instead",
  async ({ model, signedUp }) => {
    const { page } = await signedUp({ viewport: PHONE });
    const first = question("Runs");
    const running = model.answer(first.key, { text: numberedWords(12), holdAfter: 3 });
    const next = question("Next");
    const taken = model.answer(next.key, { text: numberedWords(12), holdAfter: 3 });
    const better = question("Better");
    model.answer(better.key, { text: "Better indeed." });
    await send(page, first.text);
    await running.held();
    await waitForText(page, 10);
    await send(page, next.text);
    await waiting(page, next.text).waitFor();
    await act(page, next.text, "Edit");
    const box = page.getByLabel("Edit the waiting message");
    await box.fill(`Half ${next.key}`);
    await page.reload();
    await hydrated(page);
    await expect.poll(() => box.inputValue()).toBe(`Half ${next.key}`);
    await box.fill(better.text);
    running.release();
    await taken.held();
    const taking = page.getByLabel("Edit your message");
    await taking.waitFor();
    expect(await taking.inputValue()).toBe(better.text);
    await page.getByText("Send ends that answer, and asks this instead.").waitFor();
    await fitsSideways(page);
    await page.keyboard.press("Enter");
    await page.getByText("Better indeed.", { exact: true }).waitFor();
    await waitReady(page);
    expect((await texts(page)).slice(2)).toEqual([better.text, "Better indeed."]);
    expect(await page.locator(".editing").count()).toBe(0);
    await page.reload();
    await hydrated(page);
    expect(await page.locator(".editing").count(), "an edit that was sent is over").toBe(0);
  },
);
