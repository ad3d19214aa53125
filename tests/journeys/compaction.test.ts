import type { Page } from "playwright-core";
import { expect } from "vitest";
import { openSecondPage } from "../support/browser.ts";
import { fitsSideways, holdsUnder, pressOn } from "../support/conditions.ts";
import { eventually } from "../support/eventually.ts";
import { killRuns } from "../support/fault-steps.ts";
import { journeys, type Journey } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import { chatIdOf, composer, hydrated, send, shown, waitAnswered, waitReady } from "../support/page.ts";

// A window so small that three long messages nearly fill it.
const { journey } = journeys({ CONTEXT_TOKENS: "2000" });

/** So every side call that looks at a conversation writes it. */
const MATERIAL = "Person: ";

/** A question as long as a quarter of the window. */
const long = (about: string): { text: string; key: string } => {
  const { text, key } = question(about);
  return { text: `${text} ${"and so on ".repeat(190)}`.trim(), key };
};

const mark = (page: Page) => page.locator("details.summary-mark");

const summaries = (journey: Journey, chatId: string) =>
  journey.app.query<{ messages: number }>(
    `SELECT messages FROM "Summary" WHERE "chatId" = $1 ORDER BY messages`,
    [chatId],
  );

/** What the model was told before the last message that contains `key`, without the application's own words. */
function told({ model }: Journey, key: string): string {
  const messages = model.askedFor(key).at(-1)?.request.messages ?? [];
  return messages
    .filter(({ role }) => role !== "system")
    .map(({ content }) => JSON.stringify(content))
    .join("\n");
}

type Question = { text: string; key: string };

/** Prepared before the side calls' answer: a side call holds every question, and the last rule that fits counts. */
function prepare({ model }: Journey, ...about: string[]): Question[] {
  return about.map((name) => {
    const asked = long(name);
    model.answer(asked.key, { text: `Answer to ${name}.` });
    return asked;
  });
}

async function ask(page: Page, asked: Question | undefined, answers: number): Promise<void> {
  await send(page, asked?.text ?? "");
  await waitAnswered(page, answers);
}

journey(
  "a conversation that grows too long is summarised for the model, shown as such, and still read as a whole",
  async (journey) => {
    const tab = await journey.signedUp();
    const { page } = tab;
    const [apples, pears, plums, cherries] = prepare(journey, "apples", "pears", "plums", "cherries");
    journey.model.answer(MATERIAL, { text: "They spoke of apples and pears." });
    await ask(page, apples, 1);
    const chatId = await chatIdOf(page);
    await ask(page, pears, 2);
    expect(await summaries(journey, chatId)).toEqual([]);
    const second = await openSecondPage(tab, `/chats/${chatId}`);
    await ask(page, plums, 3);
    await expect.poll(() => summaries(journey, chatId), { timeout: 10_000 }).toEqual([{ messages: 4 }]);

    await ask(page, cherries, 4);
    const given = told(journey, cherries?.key ?? "");
    expect(given).toContain("They spoke of apples and pears.");
    for (const old of [apples, pears]) expect(given).not.toContain(old?.key);
    for (const recent of [plums, cherries]) expect(given).toContain(recent?.key);

    const sees = async (of: Page): Promise<void> => {
      await mark(of).waitFor();
      expect(await mark(of).locator("summary").innerText()).toContain("(4 messages)");
      await pressOn(of, mark(of).locator("summary"));
      await of.getByText("They spoke of apples and pears.").waitFor();
      expect((await shown(of)).map(({ text }) => text).join()).toContain(apples?.key);
      expect(await shown(of)).toHaveLength(8);
    };
    await sees(page);
    // The other tab, which nobody has loaded anew.
    await waitAnswered(second, 4);
    await sees(second);
    const facts = await page.locator("details.message-info dl").last().textContent();
    expect(facts).toContain("A summary of the first 4 messages, and all since");
    await page.reload();
    await hydrated(page);
    await sees(page);
    const plain = await journey.open({ scripts: false, viewport: { width: 390, height: 844 } });
    await plain.context.addCookies(await page.context().cookies());
    await plain.page.goto(`/chats/${chatId}`);
    await sees(plain.page);
    await page.setViewportSize({ width: 390, height: 844 });
    await fitsSideways(page);

    // A branch from before it is told its own words, and the way back its summary.
    await page.setViewportSize({ width: 1280, height: 800 });
    const press = async (name: string): Promise<void> => {
      const button = page.locator(".message.user").nth(1).getByRole("button", { name, exact: true });
      // While the change before is on its way it is disabled, and takes no focus.
      await expect.poll(() => button.isEnabled()).toBe(true);
      await button.focus();
      await page.keyboard.press("Enter");
    };
    await press("Edit message");
    const other = question("Another fruit");
    await page.getByLabel("Edit your message").fill(other.text);
    await page.keyboard.press("Enter");
    await expect.poll(async () => (await shown(page)).length).toBe(4);
    await waitReady(page);
    await mark(page).waitFor({ state: "detached" });
    expect(told(journey, other.key)).toContain(apples?.key);
    expect(told(journey, other.key)).not.toContain("They spoke of");
    await press("Previous version");
    await mark(page).waitFor();
    await expect.poll(async () => (await shown(page)).length).toBe(8);
    expect(await summaries(journey, chatId)).toEqual([{ messages: 4 }]);
  },
);

journey(
  "a run that is killed while it summarises loses no message, and the next answer waits for another one",
  async (journey) => {
    const { page } = await journey.signedUp();
    const [oaks, elms, firs, pines] = prepare(journey, "oaks", "elms", "firs", "pines");
    const summary = journey.model.answer(MATERIAL, (attempt) =>
      attempt === 1 ? { text: "Never finished.", holdAfter: 1 } : { text: "They spoke of trees." },
    );
    await ask(page, oaks, 1);
    const chatId = await chatIdOf(page);
    await ask(page, elms, 2);
    await ask(page, firs, 3);
    await summary.held();
    await killRuns(journey.app);
    expect(await summaries(journey, chatId)).toEqual([]);

    await ask(page, pines, 4);
    expect(told(journey, pines?.key ?? "")).toContain("They spoke of trees.");
    expect(told(journey, pines?.key ?? "")).not.toContain(oaks?.key);
    expect((await summaries(journey, chatId)).at(-1)).toEqual({ messages: 6 });
    await mark(page).waitFor();
    expect(await shown(page)).toHaveLength(8);
  },
);

journey(
  "a second look, once it is switched on, tells the next answer what to mind, and the answer says so",
  async (journey) => {
    const tab = await journey.signedUp();
    const { page } = tab;
    const looks = journey.model.answer(MATERIAL, { text: "It forgot to name the colour." });
    const without = question("Without a look");
    await send(page, without.text);
    await waitAnswered(page, 1);
    const chatId = await chatIdOf(page);

    await page.locator("details.chat-panel > summary").click();
    const box = page.getByLabel("A second look at each answer");
    expect(await box.isChecked()).toBe(false);
    await box.check();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved. It counts from the next answer.").waitFor();
    await page.keyboard.press("Escape");
    const first = question("A house");
    await send(page, first.text);
    await waitAnswered(page, 2);
    const noted = () =>
      journey.app
        .query(`SELECT text FROM "Review" WHERE "chatId" = $1`, [chatId])
        .then((rows) => rows.length);
    await eventually(async () => (await noted()) === 1, { what: () => "no second look was kept" });
    expect(looks.asked).toHaveLength(1);
    expect(looks.asked[0]?.userText).toContain(first.key);

    // What was noted outlives the run that noted it.
    await killRuns(journey.app);
    const second = question("Its garden");
    await send(page, second.text);
    await waitAnswered(page, 3);
    const system = JSON.stringify(journey.model.askedFor(second.key)[0]?.request.messages[0]);
    expect(system).toContain("It forgot to name the colour.");
    expect(JSON.stringify(journey.model.askedFor(first.key)[0]?.request)).not.toContain("forgot to name");
    await page.locator("details.message-info > summary").last().click();
    await page.getByText("It forgot to name the colour.").waitFor();
    const sees = async (on: Page): Promise<void> => {
      await pressOn(on, on.locator("details.message-info > summary").last());
      await on.getByText("It forgot to name the colour.").waitFor();
      await on.keyboard.press("Enter");
      await pressOn(on, on.locator("details.chat-panel > summary"));
      expect(await on.getByLabel("A second look at each answer").isChecked()).toBe(true);
      await on.keyboard.press("Escape");
    };
    await page.reload();
    await hydrated(page);
    await holdsUnder(journey, tab, sees, ["second tab", "390 px"]);
    await page.locator("details.chat-panel > summary").click();
    await box.uncheck();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved. It counts from the next answer.").waitFor();
    await page.keyboard.press("Escape");
    const third = question("Its roof");
    await composer(page).fill(third.text);
    await page.keyboard.press("Enter");
    await waitAnswered(page, 4);
    expect(JSON.stringify(journey.model.askedFor(third.key)[0]?.request)).not.toContain("forgot to name");
  },
);
