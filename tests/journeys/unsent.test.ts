import type { Page } from "playwright-core";
import { expect } from "vitest";
import { fitsSideways, PHONE } from "../support/conditions.ts";
import { journeys } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import {
  chatIdOf,
  composer,
  hydrated,
  newPerson,
  send,
  shown,
  signUp,
  waitAnswered,
} from "../support/page.ts";

const { journey } = journeys();

/** What a browser says of requests that met a part that was down, or refused. */
const NETWORK = /Failed to load resource|ERR_|net::|Failed to fetch|NetworkError/;

const texts = async (page: Page) => (await shown(page)).map(({ text }) => text);
const failed = (page: Page) => page.locator("article[data-delivery=failed]");
const act = (page: Page, name: string) => failed(page).getByRole("button", { name }).click();

journey("what could not be sent says why, and is changed, removed or sent again", async (on) => {
  on.expectedProblems.push(NETWORK);
  const { page } = await on.signedUp({ viewport: PHONE });
  const first = question("Begin");
  await send(page, first.text);
  const chatId = await chatIdOf(page);
  await waitAnswered(page, 1);

  const refused = question("Refused");
  await page.route("**/append", (route) => route.fulfill({ status: 413, body: "{}" }));
  await send(page, refused.text);
  await failed(page).getByText("The message is too long. Send it in smaller parts.").waitFor();
  await fitsSideways(page);
  await composer(page).fill("and what is written meanwhile");
  await act(page, "Change");
  expect(await composer(page).inputValue()).toBe(`${refused.text}\n\nand what is written meanwhile`);
  expect(await failed(page).count()).toBe(0);
  await page.reload();
  await hydrated(page);
  await expect
    .poll(() => composer(page).inputValue(), { message: "it is a draft like any other" })
    .toBe(`${refused.text}\n\nand what is written meanwhile`);

  const dropped = question("Dropped");
  await send(page, dropped.text);
  await failed(page).waitFor();
  await act(page, "Remove");
  await page.getByText(dropped.text).waitFor({ state: "detached" });
  await page.reload();
  await hydrated(page);
  expect(await composer(page).inputValue(), "what was removed does not come back").toBe("");

  const again = question("Again");
  on.model.answer(again.key, { text: "Got it." });
  await send(page, again.text);
  await failed(page).waitFor();
  await page.unroute("**/append");
  await act(page, "Try again");
  await waitAnswered(page, 2);
  expect((await texts(page)).slice(-2)).toEqual([again.text, "Got it."]);
  expect(on.model.askedFor(dropped.key)).toEqual([]);
  expect(chatId).toBe(await chatIdOf(page));
});

journey(
  "who was signed out elsewhere is told so at the message, and has it in the box after signing in",
  async (on) => {
    on.expectedProblems.push(NETWORK);
    const { page, context } = await on.open();
    const person = newPerson();
    await signUp(page, person);
    const first = question("Begin");
    await send(page, first.text);
    const chatId = await chatIdOf(page);
    await waitAnswered(page, 1);
    const cookies = await context.cookies();
    await context.clearCookies({ name: /^longrun_session/ });
    expect(cookies.length).toBeGreaterThan(0);
    // The token of the page is over, too.
    await page.route("**/append", (route) => route.fulfill({ status: 401, body: "{}" }));
    const late = question("Late");
    on.model.answer(late.key, { text: "Welcome back." });
    await send(page, late.text);
    await failed(page).getByText("You are signed out.").waitFor();
    await page.unroute("**/append");
    await failed(page).getByRole("link", { name: "Sign in" }).click();
    await page.getByLabel("Email").fill(person.email);
    await page.getByLabel("Password").fill(person.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(`**/chats/${chatId}`);
    await hydrated(page);
    await expect.poll(() => composer(page).inputValue()).toBe(late.text);
    await composer(page).press("Enter");
    await waitAnswered(page, 2);
  },
);

journey("what is longer than a message may be stays in the box, and says so", async ({ signedUp, model }) => {
  const { page } = await signedUp();
  const first = question("Begin");
  await send(page, first.text);
  await waitAnswered(page, 1);
  const { text, key } = question("Long");
  model.answer(key, { text: "Read." });
  const long = `${text} ${"x".repeat(200_000)}`;
  await send(page, long);
  await page.getByText("A message has at most 200,000 characters, and this one has").waitFor();
  expect((await composer(page).inputValue()).length).toBe(long.length);
  expect(await shown(page)).toHaveLength(2);
  await send(page, long.slice(0, 200_000));
  await waitAnswered(page, 2);
  expect((await texts(page)).at(-1)).toBe("Read.");
});

journey(
  "the first message of a new chat stays in the box while the web server is away, and is sent once",
  async (on) => {
    on.expectedProblems.push(NETWORK);
    const { page } = await on.signedUp();
    await hydrated(page);
    const back = on.app.keepDown("web");
    const { text, key } = question("Nobody there");
    on.model.answer(key, { text: "Here now." });
    await send(page, text);
    await page.getByText("Longrun cannot be reached. Your message is still here").waitFor();
    expect(await composer(page).inputValue()).toBe(text);
    back();
    await on.app.healthy();
    await composer(page).press("Enter");
    const chatId = await chatIdOf(page);
    await waitAnswered(page, 1);
    await on.check(chatId, [{ user: text, answer: "Here now." }], page);
    await page.goto("/chats");
    await hydrated(page);
    expect(await composer(page).inputValue(), "it is no draft any more").toBe("");
  },
);

journey("a stop that cannot be sent says so, and works once it can", async (on) => {
  on.expectedProblems.push(NETWORK);
  const { page } = await on.signedUp();
  const { text, key } = question("Unstoppable");
  const prepared = on.model.answer(key, { text: "some words of it", holdAfter: 2 });
  await send(page, text);
  await chatIdOf(page);
  await prepared.held();
  await page.getByRole("button", { name: "Stop", exact: true }).waitFor();
  await page.route("**/append", (route) => route.abort());
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await page.getByText("The answer could not be stopped").waitFor({ timeout: 60_000 });
  await page.unroute("**/append");
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await page.getByText("This answer was cut short.").waitFor();
  expect(await page.getByText("The answer could not be stopped").count()).toBe(0);
});

journey(
  "an answer that a limit has ended says so, and is gone on with by a click",
  async ({ signedUp, model }) => {
    const { page } = await signedUp();
    const { text, key } = question("At length");
    model.answer(key, { text: "Once upon a", finish: "length" });
    await send(page, text);
    await page.getByText("The model’s limit of length ended this answer.").waitFor();
    await page.reload();
    await hydrated(page);
    await page.getByRole("button", { name: "Go on" }).click();
    await waitAnswered(page, 2);
    expect((await texts(page)).slice(0, 3)).toEqual([text, "Once upon a", "Go on."]);
    expect(await page.getByRole("button", { name: "Go on" }).count()).toBe(0);
  },
);
