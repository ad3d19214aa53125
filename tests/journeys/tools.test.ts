import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Locator, Page } from "playwright-core";
import { afterAll, expect } from "vitest";
import { fitsSideways } from "../support/conditions.ts";
import { killRuns } from "../support/fault-steps.ts";
import { journeys } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import { chatIdOf, hydrated, send, shown, waitAnswered, waitReady } from "../support/page.ts";

const asked: string[] = [];
const pages: Server = createServer((request, response) => {
  asked.push(request.url ?? "");
  const html = `<title>A page of bridges</title><p>${"A bridge carries a road over water. ".repeat(10)}</p>`;
  response.writeHead(200, { "content-type": "text/html" }).end(html);
});
await new Promise<void>((done) => pages.listen(0, "127.0.0.1", done));
const { port } = pages.address() as AddressInfo;
afterAll(() => pages.close());

const { journey } = journeys({ FETCH_ALLOWED_HOSTS: `127.0.0.1:${port}` });
const PHONE = { width: 390, height: 844 };
const address = (name: string): string => `http://127.0.0.1:${port}/${name}`;
const times = (name: string): number => asked.filter((path) => path === `/${name}`).length;

const card = (page: Page, tool: string) => page.locator(`[data-part=tool-${tool}]`);
const state = (page: Page, tool: string) => card(page, tool).last().getAttribute("data-state");
const approve = (page: Page) => page.getByRole("button", { name: "Approve", exact: true });

async function untilState(page: Page, tool: string, wanted: string): Promise<void> {
  await expect.poll(() => state(page, tool), { timeout: 20_000 }).toBe(wanted);
}

journey("a calculation and a script show what they were given and what came back", async (journey) => {
  const { page } = await journey.signedUp({ viewport: PHONE });
  const sum = question("Calculate");
  journey.model.answer(sum.key, {
    tool: { name: "calculate", input: { expression: "0.1 + 0.2" } },
    text: "Done.",
  });
  await send(page, sum.text);
  await waitAnswered(page, 1);
  await card(page, "calculate").locator("summary").click();
  expect(await card(page, "calculate").innerText()).toMatch(/0\.1 \+ 0\.2[^]*Result\s+0\.3/);

  const script = question("Run");
  const code = 'console.log("typeof process:", typeof process); [1, 2, 3].map((x) => x * 2)';
  journey.model.answer(script.key, { tool: { name: "runJavaScript", input: { code } }, text: "Ran." });
  await send(page, script.text);
  await waitAnswered(page, 2);
  await card(page, "runJavaScript").locator("summary").click();
  const text = await card(page, "runJavaScript").innerText();
  expect(text).toContain("typeof process: undefined");
  expect(text).toMatch(/Result\s+\[2, 4, 6\]/);
  await fitsSideways(page);
});

journey(
  "an approval waits over a reload and a killed worker, is given on another device, and runs once as shown",
  async (journey) => {
    const { app, model } = journey;
    const tab = await journey.signedUp();
    const { page } = tab;
    const { text, key } = question("Look it up");
    const url = address("approved");
    model.answer(key, { tool: { name: "fetchPage", input: { url } }, text: "I have read it." });
    await send(page, text);
    const chatId = await chatIdOf(page);
    await waitReady(page);
    await approve(page).waitFor();
    expect(await card(page, "fetchPage").innerText()).toContain(url);
    expect(times("approved")).toBe(0);

    const back = app.keepDown("worker");
    await killRuns(app);
    back();
    await app.healthy();
    await page.reload();
    await hydrated(page);
    await approve(page).waitFor();

    const other = await journey.open({ viewport: PHONE });
    await other.context.addCookies(await tab.context.cookies());
    await other.page.goto(`/chats/${chatId}`);
    await hydrated(other.page);
    await approve(other.page).focus();
    await fitsSideways(other.page);
    await other.page.keyboard.press("Enter");
    for (const shownOn of [other.page, page]) {
      await untilState(shownOn, "fetchPage", "output-available");
      await waitAnswered(shownOn, 1);
      expect((await shown(shownOn)).map((message) => message.text)).toEqual([text, "I have read it."]);
      expect(await card(shownOn, "fetchPage").count()).toBe(1);
      expect(await approve(shownOn).count()).toBe(0);
    }
    expect(times("approved")).toBe(1);
    await page.reload();
    await hydrated(page);
    expect((await shown(page)).map((message) => message.text)).toEqual([text, "I have read it."]);
    expect(times("approved")).toBe(1);
  },
);

journey("two devices decide at once: one decision counts, and both show it", async (journey) => {
  const tab = await journey.signedUp();
  const { text, key } = question("Decide twice");
  const url = address("twice");
  journey.model.answer(key, { tool: { name: "fetchPage", input: { url } }, text: "So be it." });
  await send(tab.page, text);
  const chatId = await chatIdOf(tab.page);
  await approve(tab.page).waitFor();
  const other = await journey.open();
  await other.context.addCookies(await tab.context.cookies());
  await other.page.goto(`/chats/${chatId}`);
  await hydrated(other.page);
  await other.page.getByRole("button", { name: "Deny…" }).click();
  // Whoever comes second may find its button gone.
  const press = (button: Locator) => button.click({ timeout: 5_000 }).catch(() => undefined);
  await Promise.all([
    press(approve(tab.page)),
    press(other.page.getByRole("button", { name: "Deny", exact: true })),
  ]);
  await waitAnswered(tab.page, 1);
  await waitAnswered(other.page, 1);
  const decided = await state(tab.page, "fetchPage");
  expect(["output-available", "output-denied"]).toContain(decided);
  await untilState(other.page, "fetchPage", decided ?? "");
  expect(times("twice")).toBe(decided === "output-available" ? 1 : 0);
  const texts = (await shown(other.page)).map((message) => message.text);
  expect(texts).toEqual([text, "So be it."]);
  await waitReady(tab.page);
});

journey("a denial with its reason reaches the model, and is there after a reload", async (journey) => {
  const { page } = await journey.signedUp({ viewport: PHONE, colorScheme: "dark" });
  const { text, key } = question("Look there");
  const prepared = journey.model.answer(key, {
    tool: { name: "fetchPage", input: { url: address("denied") } },
    text: "Then not.",
  });
  await send(page, text);
  await page.getByRole("button", { name: "Deny…" }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.type("I do not trust that page");
  await page.keyboard.press("Enter");
  await untilState(page, "fetchPage", "output-denied");
  await waitAnswered(page, 1);
  expect(times("denied")).toBe(0);
  expect(JSON.stringify(prepared.asked.at(-1)?.request)).toContain("I do not trust that page");
  for (const reloaded of [false, true]) {
    if (reloaded) {
      await page.reload();
      await hydrated(page);
    }
    await card(page, "fetchPage").locator("summary").click();
    expect(await card(page, "fetchPage").innerText()).toContain("I do not trust that page");
  }
});

journey("a page whose address the person wrote is read without asking", async (journey) => {
  const { page } = await journey.signedUp();
  const { text, key } = question(`Read ${address("own")} please`);
  journey.model.answer(key, { tool: { name: "fetchPage", input: { url: address("own") } }, text: "Read." });
  await send(page, text);
  await waitAnswered(page, 1);
  expect(times("own")).toBe(1);
  await card(page, "fetchPage").locator("summary").click();
  expect(await card(page, "fetchPage").innerText()).toContain("A page of bridges");
});

journey(
  "a question is answered by a click after a reload, and by typing where it allows that",
  async (journey) => {
    const { page } = await journey.signedUp({ viewport: PHONE });
    const first = question("Paint it");
    const input = { question: "Which colour?", choices: ["Red", "Blue"] };
    journey.model.answer(first.key, { tool: { name: "askUser", input }, text: "Blue it is." });
    await send(page, first.text);
    await page.getByText("Which colour?").waitFor();
    await waitReady(page);
    await page.reload();
    await hydrated(page);
    await page.getByRole("button", { name: "Blue", exact: true }).click();
    await waitAnswered(page, 1);
    await untilState(page, "askUser", "output-available");
    expect(await page.getByRole("button", { name: "Blue", exact: true }).count()).toBe(0);

    const second = question("Paint another");
    const open = { ...input, question: "And this one?", allowOther: true };
    const prepared = journey.model.answer(second.key, {
      tool: { name: "askUser", input: open },
      text: "Green it is.",
    });
    await send(page, second.text);
    await page.getByLabel("Another answer").fill("Green, a dark one");
    await page.keyboard.press("Enter");
    await waitAnswered(page, 2);
    expect(JSON.stringify(prepared.asked.at(-1)?.request)).toContain("Green, a dark one");
    await fitsSideways(page);
  },
);
