import type { Page } from "playwright-core";
import { expect } from "vitest";
import { openSecondPage } from "../support/browser.ts";
import { fitsSideways, PHONE } from "../support/conditions.ts";
import { eventually } from "../support/eventually.ts";
import { killRun } from "../support/fault-steps.ts";
import { journeys, type Journey } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import {
  chatIdOf,
  composer,
  hydrated,
  send,
  sendButton,
  waitAnswered,
  waitForText,
} from "../support/page.ts";

const { journey } = journeys({
  DEMO_MODEL_DELAY_MS: "0",
  MODEL_PRICES: '{"openai-compatible:scripted":{"in":5,"out":5}}',
});
const SCRIPTED = "openai-compatible:scripted";

const panel = (page: Page) => page.locator("details.chat-panel > summary");
const radio = (page: Page, name: string) => page.getByRole("radio", { name: new RegExp(`^${name}`) });

const asked = ({ model }: Journey, key: string) => model.askedFor(key).map(({ request }) => request);
const systemOf = (journey: Journey, key: string) => asked(journey, key)[0]?.messages[0]?.content;

/** The models of the chat's answers, from the first. */
const answeredBy = (page: Page): Promise<string[]> =>
  page
    .locator("details.message-info dl > div:has(dt:text-is('Model')) dd")
    .evaluateAll((all) => all.map((one) => one.textContent ?? ""));

journey(
  "model, instructions and temperature change in mid-chat by keyboard, also for a second tab, a reload and a killed run",
  async (journey) => {
    const tab = await journey.signedUp({ viewport: PHONE, colorScheme: "dark" });
    const { page } = tab;
    const first = question("Before");
    await send(page, first.text);
    await chatIdOf(page);
    await waitAnswered(page, 1);
    expect(asked(journey, first.key)[0]).not.toHaveProperty("temperature");
    const second = await openSecondPage(tab, page.url());
    await hydrated(second);

    await panel(page).focus();
    await page.keyboard.press("Enter");
    await page.getByLabel("Instructions for this chat").fill("Speak like a pirate.");
    await page.getByLabel("Temperature").fill("0.25");
    await page.keyboard.press("Enter");
    await page.getByText("Saved. It counts from the next answer.").waitFor();
    await fitsSideways(page);
    await page.keyboard.press("Escape");
    await page.getByLabel("Temperature").waitFor({ state: "hidden" });
    await expect.poll(() => second.getByLabel("Temperature").inputValue()).toBe("0.25");

    const held = question("In the middle");
    const prepared = journey.model.answer(held.key, (attempt) =>
      attempt === 1 ? { text: "Ahoy, all of you there.", holdAfter: 2 } : { text: "Ahoy, all of you there." },
    );
    await send(second, held.text);
    await prepared.held();
    await waitForText(page, 5);
    await killRun(journey, await chatIdOf(page));
    await waitAnswered(second, 2);
    for (const request of asked(journey, held.key)) {
      expect(request).toMatchObject({ model: "scripted", temperature: 0.25 });
      expect(String(request.messages[0]?.content)).toContain("Speak like a pirate.");
    }
    expect(asked(journey, held.key)).toHaveLength(2);

    await page.reload();
    await hydrated(page);
    expect(await page.getByLabel("Instructions for this chat").inputValue()).toBe("Speak like a pirate.");
    await panel(page).focus();
    await page.keyboard.press("Enter");
    await radio(page, "demo").focus();
    await page.keyboard.press("Space");
    await page.keyboard.press("Enter");
    await expect.poll(() => panel(second).innerText(), { timeout: 10_000 }).toContain("demo");
    await send(page, "Hello?");
    await waitAnswered(page, 3);
    expect(await answeredBy(page)).toEqual([SCRIPTED, SCRIPTED, "demo:demo"]);
    await page.goto("/chats");
    expect(await panel(page).innerText(), "the next new chat begins with the last choice").toContain("demo");
  },
);

journey("a new chat begins with the settings of its form, also with scripts off", async (journey) => {
  for (const scripts of [true, false]) {
    const { page } = await journey.signedUp({ scripts });
    if (scripts) await hydrated(page);
    const { text, key } = question("With a form");
    await panel(page).click();
    await radio(page, "scripted").click();
    if (scripts) expect(await page.locator("details.chat-panel[open]").count()).toBe(0);
    if (scripts) await panel(page).click();
    await page.getByLabel("Instructions for this chat").fill("Answer in verse.");
    await page.getByLabel("Temperature").fill("1.5");
    await panel(page).click();
    await composer(page).fill(text);
    await sendButton(page).click();
    await chatIdOf(page);
    await eventually(() => asked(journey, key).length > 0, {
      what: () => "the model was not asked",
      ms: 20_000,
    });
    expect(asked(journey, key)[0]).toMatchObject({ model: "scripted", temperature: 1.5 });
    expect(systemOf(journey, key)).toContain("Answer in verse.");
  }
});

journey("with scripts off the settings of an open chat are plain forms", async (journey) => {
  const { page } = await journey.signedUp({ scripts: false });
  const { text } = question("Plain");
  await composer(page).fill(text);
  await sendButton(page).click();
  await chatIdOf(page);
  await panel(page).click();
  await radio(page, "demo").check();
  await page.getByRole("button", { name: "Use this model" }).click();
  await expect.poll(() => panel(page).innerText()).toContain("demo");
  await panel(page).click();
  await page.getByLabel("Instructions for this chat").fill("Answer in verse.");
  await page.getByRole("button", { name: "Save" }).click();
  await page.reload();
  expect(await page.getByLabel("Instructions for this chat").inputValue()).toBe("Answer in verse.");
  await panel(page).click();
  expect(await radio(page, "demo").isChecked()).toBe(true);
});

journey("a model that has gone says so, and another one is taken from then on", async (journey) => {
  const { page } = await journey.signedUp();
  const { text } = question("First");
  await send(page, text);
  const chatId = await chatIdOf(page);
  await waitAnswered(page, 1);
  await journey.app.query(`UPDATE "Chat" SET model = 'ollama:gone' WHERE id = $1`, [chatId]);
  await page.reload();
  await hydrated(page);
  await panel(page).click();
  await page.getByText("ollama:gone is not offered any more").waitFor();
  await radio(page, "scripted").click();
  await expect.poll(() => panel(page).innerText()).toContain("scripted");
  await send(page, question("Second").text);
  await waitAnswered(page, 2);
  expect(await answeredBy(page)).toEqual([SCRIPTED, SCRIPTED]);
});

const tick = (page: Page) => page.locator("[data-tick]").last().getAttribute("data-tick");
const shows = (page: Page, wanted: string) =>
  eventually(async () => (await tick(page).catch(() => null)) === wanted, {
    what: () => `the tick is not "${wanted}"`,
    ms: 20_000,
  });

journey(
  "a message goes from queued over stored and answering to answered, in every tab, after a reload and a kill, at 390 px",
  async (journey) => {
    const tab = await journey.signedUp({ viewport: PHONE });
    const { page, context } = tab;
    await send(page, question("Begin").text);
    await waitAnswered(page, 1);
    await shows(page, "answered");
    const second = await openSecondPage(tab, page.url());

    const letWorkerStart = journey.app.keepDown("worker");
    let arrive = (): void => undefined;
    const held = new Promise<void>((resolve) => (arrive = resolve));
    await context.route("**/realtime/v1/sessions/*/in/append", async (route) => {
      await held;
      await route.continue();
    });
    const { text, key } = question("Follow it");
    const prepared = journey.model.answer(key, { text: "Here it is, all of it.", holdAfter: 2 });
    await send(page, text);
    await shows(page, "queued");
    await fitsSideways(page);
    arrive();
    await shows(page, "stored");
    await second.reload();
    await shows(second, "stored");
    expect(await second.locator("[data-tick=stored]").innerText()).toContain("Stored");

    letWorkerStart();
    await prepared.held();
    await shows(page, "answering");
    await shows(second, "answering");
    await second.reload();
    await shows(second, "answering");
    await killRun(journey, await chatIdOf(page));
    await eventually(() => prepared.asked.length === 2, { what: () => "it is not asked anew", ms: 30_000 });
    await shows(page, "answering");
    await shows(second, "answering");
    await fitsSideways(page);
    prepared.release();
    await shows(page, "answered");
    await shows(second, "answered");
    await page.reload();
    await shows(page, "answered");
  },
);

journey(
  "an answer and its chat tell their cost; a thought is open while it lasts and tells how long it took",
  async (journey) => {
    const { page } = await journey.signedUp({ viewport: PHONE });
    const { text, key } = question("Costly");
    const prepared = journey.model.answer(key, {
      reasoning: "First this, then that.",
      text: "Done then.",
      holdAfter: 1,
    });
    await send(page, text);
    await prepared.held();
    await page.getByText("Thought for").waitFor();
    expect(await page.locator("details[data-part=reasoning][open]").count(), "folded once it is over").toBe(
      0,
    );
    prepared.release();
    await waitAnswered(page, 1);
    await page.reload();
    await hydrated(page);
    const thought = page.locator("details[data-part=reasoning] > summary");
    expect(await thought.innerText()).toMatch(/^Thought for [\d.]+ m?s$/);
    await thought.focus();
    await page.keyboard.press("Enter");
    await page.getByText("First this, then that.", { exact: true }).waitFor();
    await page.locator("summary[aria-label='About this answer']").click();
    expect(await page.locator("details.message-info dl > div:has(dt:text-is('Cost')) dd").innerText()).toBe(
      "$0.0001",
    );
    await panel(page).click();
    // The answer and the title: 20 tokens at 5 and 2 at 5 dollars a million.
    await expect
      .poll(
        async () => {
          await page.reload();
          return page.locator("[data-spent]").textContent();
        },
        { timeout: 15_000 },
      )
      .toBe("This chat so far: 11 tokens in, 11 out. $0.00011.");
  },
);
