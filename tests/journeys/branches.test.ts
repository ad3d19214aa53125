import type { Page } from "playwright-core";
import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import { killRun } from "../support/fault-steps.ts";
import { journeys, type Journey } from "../support/journey.ts";
import { numberedWords, question } from "../support/model-script.ts";
import { chatIdOf, composer, send, shown, waitAnswered, waitReady, waitStatus } from "../support/page.ts";

const { journey } = journeys();

const texts = async (page: Page) => (await shown(page)).map(({ text }) => text);

async function shows(page: Page, wanted: string[]): Promise<void> {
  let last: string[] = [];
  await eventually(async () => JSON.stringify((last = await texts(page))) === JSON.stringify(wanted), {
    what: () => `the page shows ${JSON.stringify(last)}, not ${JSON.stringify(wanted)}`,
    ms: 15_000,
  });
}

/** The user and assistant texts that the model was given with the newest request for this key. */
const given = ({ model }: Journey, key: string) =>
  (model.askedFor(key).at(-1)?.request.messages ?? []).slice(1).map((message) => message.content);

/** What can be done with a message shows when the pointer is over it. */
async function act(page: Page, text: string, name: string): Promise<void> {
  const message = page.locator("article.message", { has: page.getByText(text, { exact: true }) }).first();
  await message.hover();
  await message.getByRole("button", { name, exact: true }).click();
}

function ask(journey: Journey, name: string, answer: string) {
  const asked = question(name);
  journey.model.answer(asked.key, { text: answer });
  return asked;
}

journey(
  "an edit makes a branch: both stay, the model sees the one on screen, and so does another device",
  async (journey) => {
    const { page } = await journey.signedUp();
    const first = ask(journey, "Branch one", "Answer one.");
    await send(page, first.text);
    await waitAnswered(page, 1);
    const second = ask(journey, "Branch two", "Answer two.");
    await send(page, second.text);
    await waitAnswered(page, 2);
    const other = await page.context().newPage();
    await other.goto(page.url());

    // By keyboard alone: Up edits the last message, Escape leaves it as it was.
    await composer(page).focus();
    await page.keyboard.press("ArrowUp");
    const box = page.getByLabel("Edit your message");
    await box.waitFor();
    await page.keyboard.press("Escape");
    await box.waitFor({ state: "detached" });
    await shows(page, [first.text, "Answer one.", second.text, "Answer two."]);
    await page.keyboard.press("ArrowUp");
    const edited = ask(journey, "Branch edited", "Answer edited.");
    await box.fill(edited.text);
    await page.keyboard.press("Enter");
    const branch = [first.text, "Answer one.", edited.text, "Answer edited."];
    await shows(page, branch);
    await waitReady(page);
    await shows(other, branch);
    expect(given(journey, edited.key)).toEqual([first.text, "Answer one.", edited.text]);

    await act(page, edited.text, "Previous version");
    const before = [first.text, "Answer one.", second.text, "Answer two."];
    await shows(page, before);
    await shows(other, before);
    await page.reload();
    await shows(page, before);
    const third = ask(journey, "Branch three", "Answer three.");
    await send(page, third.text);
    await waitAnswered(page, 3);
    expect(given(journey, third.key)).toEqual([...before, third.text]);
    await act(page, second.text, "Next version");
    await shows(page, branch);
  },
);

journey(
  "another answer stands beside the first, and survives the kill of the run that writes it",
  async (journey) => {
    const { model } = journey;
    const { page } = await journey.signedUp({ viewport: { width: 390, height: 844 } });
    const { text, key } = question("Again");
    const anew = numberedWords(30, "anew");
    const prepared = model.answer(key, (attempt) =>
      attempt === 1
        ? { text: "First answer." }
        : attempt === 2
          ? { text: anew, holdAfter: 8 }
          : { text: anew },
    );
    await send(page, text);
    await waitAnswered(page, 1);
    const chatId = await chatIdOf(page);
    await page.getByRole("button", { name: "Answer again" }).click();
    await prepared.held();
    await waitStatus(page, "streaming");
    await page.getByRole("button", { name: "Answer again" }).waitFor({ state: "detached" });
    await killRun(journey, chatId);
    await shows(page, [text, anew]);
    await waitReady(page);
    expect(prepared.asked).toHaveLength(3);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await page.reload();
    await shows(page, [text, anew]);
    await page.getByRole("button", { name: "Previous version" }).click();
    await shows(page, [text, "First answer."]);
    const rows = await journey.app.query(`SELECT id FROM "Message" WHERE "chatId" = $1`, [chatId]);
    expect(rows).toHaveLength(3);
  },
);

journey("what is taken back stays away after a reload, and can be restored", async (journey) => {
  const { page } = await journey.signedUp();
  const first = ask(journey, "Kept", "Kept answer.");
  await send(page, first.text);
  await waitAnswered(page, 1);
  const second = ask(journey, "Regretted", "Regretted answer.");
  await send(page, second.text);
  await waitAnswered(page, 2);
  const other = await page.context().newPage();
  await other.goto(page.url());
  await act(page, second.text, "Take back");
  await shows(page, [first.text, "Kept answer."]);
  await shows(other, [first.text, "Kept answer."]);
  await page.reload();
  await shows(page, [first.text, "Kept answer."]);
  await page.getByRole("button", { name: "Restore" }).click();
  await shows(page, [first.text, "Kept answer.", second.text, "Regretted answer."]);
  await act(page, second.text, "Take back");
  await shows(page, [first.text, "Kept answer."]);
  const third = ask(journey, "Instead", "Instead answer.");
  await send(page, third.text);
  await waitAnswered(page, 2);
  expect(given(journey, third.key)).toEqual([first.text, "Kept answer.", third.text]);
  await act(page, third.text, "Previous version");
  await shows(page, [first.text, "Kept answer.", second.text, "Regretted answer."]);
});

journey(
  "a fork is a chat of its own: the model knows what was said before it, the old chat learns nothing",
  async (journey) => {
    const { page } = await journey.signedUp();
    const first = ask(journey, "Trunk", "Trunk answer.");
    await send(page, first.text);
    await waitAnswered(page, 1);
    const second = ask(journey, "Later", "Later answer.");
    await send(page, second.text);
    await waitAnswered(page, 2);
    const from = await chatIdOf(page);
    await act(page, "Trunk answer.", "Fork into a new chat");
    await eventually(async () => (await chatIdOf(page)) !== from, { what: () => "no new chat was opened" });
    await shows(page, [first.text, "Trunk answer."]);
    const third = ask(journey, "Fork", "Fork answer.");
    await send(page, third.text);
    await waitAnswered(page, 2);
    expect(given(journey, third.key)).toEqual([first.text, "Trunk answer.", third.text]);
    await page.goto(`/chats/${from}`);
    await shows(page, [first.text, "Trunk answer.", second.text, "Later answer."]);
  },
);
