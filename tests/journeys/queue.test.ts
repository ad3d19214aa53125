import type { Page } from "playwright-core";
import { expect } from "vitest";
import { openSecondPage } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { killRun } from "../support/fault-steps.ts";
import { journeys } from "../support/journey.ts";
import { numberedWords, question } from "../support/model-script.ts";
import {
  chatIdOf,
  composer,
  hydrated,
  send,
  shown,
  waitForText,
  waitReady,
  waitStatus,
} from "../support/page.ts";

const { journey } = journeys();

const texts = async (page: Page) => (await shown(page)).map(({ text }) => text);

async function shows(page: Page, wanted: string[]): Promise<void> {
  let last: string[] = [];
  await eventually(async () => JSON.stringify((last = await texts(page))) === JSON.stringify(wanted), {
    what: () => `the page shows ${JSON.stringify(last)}, not ${JSON.stringify(wanted)}`,
    ms: 20_000,
  });
}

const waiting = (page: Page, text: string) =>
  page
    .locator("article.message", { has: page.getByText(text, { exact: true }) })
    .locator("[data-queue-state]");

const act = (page: Page, text: string, name: string) =>
  page
    .locator("article.message", { has: page.getByText(text, { exact: true }) })
    .getByRole("button", { name })
    .click();

journey(
  "what waits behind an answer is withdrawn and edited until it is taken, also after a kill of the run and a reload",
  async (journey) => {
    const { model, signedUp, app } = journey;
    const tab = await signedUp({ viewport: { width: 390, height: 844 } });
    const { page } = tab;
    const first = question("Runs");
    const running = model.answer(first.key, (attempt) => ({
      text: numberedWords(12),
      ...(attempt === 1 ? { holdAfter: 3 } : {}),
    }));
    const gone = question("Withdrawn");
    const kept = question("Edited");
    const last = question("Last");
    for (const { key } of [kept, last]) model.answer(key, { text: `Answer ${key}` });
    await send(page, first.text);
    await running.held();
    await waitForText(page, 10);
    for (const { text } of [gone, kept, last]) await send(page, text);
    await waiting(page, last.text).getByText("Waits for its turn").waitFor();
    const chatId = await chatIdOf(page);
    const other = await openSecondPage(tab, `/chats/${chatId}`);
    await hydrated(other);
    await waiting(other, gone.text).waitFor();

    await act(page, gone.text, "Withdraw");
    await page.getByText(gone.text, { exact: true }).waitFor({ state: "detached" });
    await other.getByText(gone.text, { exact: true }).waitFor({ state: "detached" });
    await act(other, kept.text, "Edit");
    const box = other.getByLabel("Edit the waiting message");
    const edited = `Better ${kept.key}`;
    await box.fill(edited);
    await other.keyboard.press("Enter");
    await waiting(other, edited).waitFor();
    await waiting(page, edited).waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await page.reload();
    expect((await texts(page)).filter((text) => text === gone.text)).toEqual([]);
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
    expect(model.askedFor(gone.key)).toEqual([]);
    expect(model.askedFor(kept.key)).toHaveLength(1);
    const refused = await page.request.post(`/chats/${chatId}/queue`, {
      form: { intent: "withdraw", target: (await shown(page)).at(-2)?.id ?? "" },
      headers: { origin: app.url },
    });
    expect(refused.status(), "an answered message cannot be withdrawn").toBe(409);
  },
);

journey(
  "a message steers the running answer at its next step, stands before it, and is there after a reload",
  async ({ model, signedUp }) => {
    const { page } = await signedUp();
    const first = question("Works");
    const working = model.answer(first.key, {
      tool: { name: "calculate", input: { expression: "2+3" } },
      holdTool: true,
    });
    const steer = question("In French, please");
    model.answer(steer.key, { text: "Cinq." });
    const next = question("And then");
    model.answer(next.key, { text: "Next answer." });
    await send(page, first.text);
    await working.held();
    await waitStatus(page, "submitted");
    await composer(page).fill(next.text);
    await page.keyboard.press("Enter");
    await waiting(page, next.text).waitFor();
    await composer(page).fill(steer.text);
    await page.getByRole("button", { name: "Steer now" }).last().click();
    await waiting(page, steer.text).getByText("Joins the answer at its next step").waitFor();
    working.release();
    const wanted = [first.text, steer.text, "Cinq.", next.text, "Next answer."];
    await shows(page, wanted);
    await waitReady(page);
    await page.reload();
    await hydrated(page);
    await shows(page, wanted);
    const given = model
      .askedFor(steer.key)[0]
      ?.request.messages.slice(-2)
      .map(({ role }) => role);
    expect(given, "after the tool's result").toEqual(["tool", "user"]);
    expect(model.askedFor(next.key)).toHaveLength(1);
  },
);
