import type { Page } from "playwright-core";
import { expect } from "vitest";
import { journeys, type Journey } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import { chatIdOf, hydrated, send, waitAnswered, waitReady } from "../support/page.ts";
import type { Tab } from "../support/browser.ts";

const { journey } = journeys();

const QUESTION = { question: "Which colour?", choices: ["Red", "Blue"], allowOther: true };
const CALLS = {
  askUser: { name: "askUser", input: QUESTION },
  fetchPage: { name: "fetchPage", input: { url: "https://bridges.example/one" } },
};

const card = (page: Page, tool: string) => page.locator(`[data-part=tool-${tool}]`);

/** A chat whose answer waits for its person, in a tab with scripts. */
async function waiting(on: Journey, tool: keyof typeof CALLS, text: string) {
  const tab = await on.signedUp();
  const asked = question("Paint it");
  const prepared = on.model.answer(asked.key, { tool: CALLS[tool], text });
  await send(tab.page, asked.text);
  const chatId = await chatIdOf(tab.page);
  await tab.page.locator(".decision").waitFor();
  await waitReady(tab.page);
  return { tab, chatId, prepared };
}

/** The same person, without scripts. */
async function withoutScripts(on: Journey, { context }: Tab, chatId: string): Promise<Page> {
  const plain = await on.open({ scripts: false });
  await plain.context.addCookies(await context.cookies());
  await plain.page.goto(`/chats/${chatId}`);
  return plain.page;
}

for (const tool of ["askUser", "fetchPage"] as const) {
  journey(`what waits in ${tool} stands in the first HTML as it does once the page is live`, async (on) => {
    const { tab, chatId } = await waiting(on, tool, "Done.");
    const { page } = tab;
    on.expectedProblems.push(/ERR_FAILED/);
    const look = async () => ({
      text: await card(page, tool).innerText(),
      box: await card(page, tool).boundingBox(),
    });
    await page.route("**/*.js", (route) => route.abort());
    await page.goto(`/chats/${chatId}`);
    const first = await look();
    expect(await page.locator("[data-hydrated]").count()).toBe(0);
    expect(first.text).toContain(tool === "askUser" ? "Which colour?" : "Approve");
    await page.unroute("**/*.js");
    await page.reload();
    await hydrated(page);
    expect(await look()).toEqual(first);
  });
}

journey("a question is answered without scripts, by a choice or in one's own words", async (on) => {
  const { tab, chatId, prepared } = await waiting(on, "askUser", "Blue it is.");
  const plain = await withoutScripts(on, tab, chatId);
  await plain.getByRole("button", { name: "Blue", exact: true }).click();
  await waitAnswered(tab.page, 1);
  expect(JSON.stringify(prepared.asked.at(-1)?.request)).toContain("Blue");

  const own = await waiting(on, "askUser", "Green it is.");
  const page = await withoutScripts(on, own.tab, own.chatId);
  await page.getByLabel("Another answer").fill("Green, a dark one");
  await page.getByRole("button", { name: "Answer", exact: true }).click();
  await waitAnswered(own.tab.page, 1);
  expect(JSON.stringify(own.prepared.asked.at(-1)?.request)).toContain("Green, a dark one");
});

journey("a call is denied without scripts, and a decision that comes late changes nothing", async (on) => {
  on.expectedProblems.push(/status of 409/);
  const { tab, chatId } = await waiting(on, "fetchPage", "Then not.");
  const [plain, late] = [await withoutScripts(on, tab, chatId), await withoutScripts(on, tab, chatId)];
  await plain.getByRole("button", { name: "Deny…" }).click();
  await waitAnswered(tab.page, 1);
  expect(await card(tab.page, "fetchPage").getAttribute("data-state")).toBe("output-denied");
  await late.getByRole("button", { name: "Approve", exact: true }).click();
  await late.getByText("This was decided already.").waitFor();
  expect(await card(late, "fetchPage").getAttribute("data-state")).toBe("output-denied");
});
