import type { Page } from "playwright-core";
import { afterAll, expect } from "vitest";
import { fitsSideways, pressOn } from "../support/conditions.ts";
import { eventually } from "../support/eventually.ts";
import { journeys } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import { startPageServer } from "../support/page-server.ts";
import { askResearch, killSubtask, subtasks } from "../support/research-script.ts";
import {
  assistantText,
  chatIdOf,
  hydrated,
  send,
  shown,
  stopButton,
  waitAnswered,
  waitReady,
} from "../support/page.ts";

const web = await startPageServer();
afterAll(() => web.stop());

// The smallest pool: whoever waits for a subtask holds its only place. An idle chat gives its place back at once.
const { journey } = journeys({
  FETCH_ALLOWED_HOSTS: web.host,
  WORKER_MAX_PROCESSES: "1",
  RUN_IDLE_SECONDS: "1",
  RUN_END_SECONDS: "1",
});
const PHONE = { width: 390, height: 844 };

const card = (page: Page, tool = "deepResearch") => page.locator(`[data-part=tool-${tool}]`).last();
const pageStates = (page: Page) =>
  card(page)
    .locator("[data-page-state]")
    .evaluateAll((rows) => rows.map((row) => row.getAttribute("data-page-state")));
const untilState = (page: Page, wanted: string, tool?: string) =>
  expect.poll(() => card(page, tool).getAttribute("data-state"), { timeout: 30_000 }).toBe(wanted);
const times = (path: string): number => web.asked.filter((one) => one === path).length;

/** Nobody has read a page twice, and the research was planned and written once. */
function expectOnce(pages: { path: (name: string) => string }, names: string[]): void {
  for (const name of ["first", ...names, "missing"])
    expect([name, times(pages.path(name))]).toEqual([name, 1]);
}

journey(
  "a research shows each page as it stands, live, on a phone and after a reload, and cites what it read",
  async (journey) => {
    const tab = await journey.signedUp({ viewport: PHONE });
    const { page } = tab;
    const { text, pages, prepared } = askResearch(journey, web, ["arch", "beam"]);
    const letGo = web.hold(pages.path("beam"));
    await send(page, text);
    const chatId = await chatIdOf(page);
    await expect
      .poll(() => pageStates(page), { timeout: 30_000 })
      .toEqual(["read", "read", "reading", "failed"]);
    await untilState(page, "preliminary");
    expect(await card(page).innerText()).toContain("2 of 4 pages read");
    expect(await card(page).innerText()).toContain("status 404");
    await fitsSideways(page);

    const plain = await journey.open({ scripts: false });
    await plain.context.addCookies(await tab.context.cookies());
    await page.reload();
    await hydrated(page);
    expect(await pageStates(page)).toEqual(["read", "read", "reading", "failed"]);
    const other = await journey.open();
    await other.context.addCookies(await tab.context.cookies());
    await other.page.goto(`/chats/${chatId}`);
    await hydrated(other.page);
    letGo();
    for (const seen of [page, other.page]) {
      await waitAnswered(seen, 1);
      await untilState(seen, "output-available");
      expect(await assistantText(seen)).toBe("The bridges are old.");
    }
    expectOnce(pages, ["arch", "beam"]);
    expect(JSON.stringify(prepared.asked.at(-1)?.request)).toContain("Sources that were read");
    await plain.page.goto(`/chats/${chatId}`);
    for (const seen of [page, plain.page]) {
      await pressOn(seen, card(seen).locator("summary"));
      const links = await card(seen)
        .locator("[data-report] a")
        .evaluateAll((found) => found.map((link) => link.getAttribute("href")));
      expect(links).toEqual([pages.first, web.address(pages.path("arch"))]);
      expect(await card(seen).innerText()).not.toMatch(/never\.example|bare\.example|\[99\]/);
    }
  },
);

journey("a killed research goes on where it was: no page is read twice", async (journey) => {
  const { page } = await journey.signedUp();
  const { text, pages, steps } = askResearch(journey, web, ["arch", "beam"]);
  const letGo = web.hold(pages.path("beam"));
  await send(page, text);
  const chatId = await chatIdOf(page);
  await expect
    .poll(() => pageStates(page), { timeout: 30_000 })
    .toEqual(["read", "read", "reading", "failed"]);
  const [before] = await subtasks(journey, chatId);
  await killSubtask(journey, before?.runId);
  letGo();
  await waitAnswered(page, 1);
  const [after] = await subtasks(journey, chatId);
  expect(after).toMatchObject({ state: "done", generation: 2 });
  expect(after?.runId).not.toBe(before?.runId);
  // What was being read is read again, and nothing else.
  expect(["first", "arch", "missing"].map((name) => times(pages.path(name)))).toEqual([1, 1, 1]);
  expect(times(pages.path("beam"))).toBe(2);
  expect(steps.filter((step) => step !== "notes")).toEqual(["plan", "report"]);
  expect(steps.filter((step) => step === "notes")).toHaveLength(3);
});

journey(
  "a research outlives the killed run of its chat, and its result reaches the new answer, once",
  async (journey) => {
    const { page } = await journey.signedUp();
    const { text, key, pages, steps, prepared } = askResearch(journey, web, ["arch", "beam"]);
    const letGo = web.hold(pages.path("beam"));
    await send(page, text);
    const chatId = await chatIdOf(page);
    await expect
      .poll(() => pageStates(page), { timeout: 30_000 })
      .toEqual(["read", "read", "reading", "failed"]);
    const [{ runId } = { runId: null }] = await journey.app.query<{ runId: string }>(
      `SELECT "runId" FROM "ChatSession" WHERE "id" = $1`,
      [chatId],
    );
    await killSubtask(journey, runId);
    await eventually(() => prepared.asked.length === 2, {
      what: () => "the message is not answered anew",
      ms: 30_000,
    });
    expect(JSON.stringify(prepared.asked[1]?.request.messages)).toContain(
      "Make them again with exactly these",
    );
    letGo();
    await waitAnswered(page, 1);
    await page.reload();
    await hydrated(page);
    expect(await page.locator("[data-part=tool-deepResearch]").count()).toBe(1);
    expect(await card(page).getAttribute("data-state")).toBe("output-available");
    expectOnce(pages, ["arch", "beam"]);
    expect(await subtasks(journey, chatId)).toMatchObject([{ state: "done", generation: 1 }]);
    expect(steps.filter((step) => step !== "notes")).toEqual(["plan", "report"]);
    expect((await shown(page)).map((message) => message.text)).toEqual([text, "The bridges are old."]);
    const [used] = await journey.app.query<{ n: number; tokens: number; told: number }>(
      `SELECT count(*)::int AS n, sum("inputTokens")::int AS tokens, (SELECT (message #> '{metadata,inputTokens}')::int
          FROM "Message" WHERE "chatId" = $1 ORDER BY position DESC LIMIT 1) AS told
         FROM "Usage" WHERE "chatId" = $1 AND "kind" = 'subtask'`,
      [chatId],
    );
    expect([key, used?.n]).toEqual([key, steps.length]);
    expect(used?.told, "the answer counts what its research has used").toBeGreaterThan(used?.tokens ?? 0);
  },
);

journey(
  "Stop on another device ends a research and its run; what was noted stays, on both",
  async (journey) => {
    const tab = await journey.signedUp();
    const { page } = tab;
    const { text, pages } = askResearch(journey, web, ["arch"]);
    const letGo = web.hold(pages.path("arch"));
    await send(page, text);
    const chatId = await chatIdOf(page);
    await expect.poll(() => pageStates(page), { timeout: 30_000 }).toEqual(["read", "reading", "failed"]);
    const [row] = await subtasks(journey, chatId);
    const phone = await journey.open({ viewport: PHONE });
    await phone.context.addCookies(await tab.context.cookies());
    await phone.page.goto(`/chats/${chatId}`);
    await hydrated(phone.page);
    expect(await pageStates(phone.page)).toEqual(["read", "reading", "failed"]);
    await pressOn(phone.page, stopButton(phone.page));
    for (const each of [phone.page, page]) await waitReady(each);
    await eventually(() => !journey.app.runPids().has(row?.runId ?? ""), {
      what: () => "the run of the research lives on",
    });
    letGo();
    expect(await subtasks(journey, chatId)).toMatchObject([{ state: "stopped" }]);
    await page.reload();
    await hydrated(page);
    for (const each of [page, phone.page]) {
      await card(each).getByText("Researching: not finished").waitFor();
      await pressOn(each, card(each).locator("summary"));
      await card(each).getByText("An overview.").waitFor();
    }
    const next = question("Go on");
    const prepared = journey.model.answer(next.key, { text: "With what there is." });
    await send(page, next.text);
    await waitAnswered(page, 1);
    // What was stopped has no result, and a provider would refuse a call without one.
    expect(prepared.asked[0]?.request.messages.some((message) => "tool_calls" in message)).toBe(false);
  },
);

journey("addresses that the model made up wait for an approval, and are then read once", async (journey) => {
  const { page } = await journey.signedUp();
  const { key, pages } = askResearch(journey, web, []);
  await send(page, `Research ${key}, please`);
  await page.getByRole("button", { name: "Approve", exact: true }).waitFor();
  expect(times(pages.path("first"))).toBe(0);
  await pressOn(page, page.getByRole("button", { name: "Approve", exact: true }));
  await untilState(page, "output-available");
  await waitAnswered(page, 1);
  expectOnce(pages, []);
});

journey(
  "with one place in all, chats that wait for subtasks block neither those nor other chats",
  async (journey) => {
    const first = await journey.signedUp();
    const { text, pages } = askResearch(journey, web, ["arch"]);
    const letGo = web.hold(pages.path("arch"));
    await send(first.page, text);
    await expect
      .poll(() => pageStates(first.page), { timeout: 30_000 })
      .toEqual(["read", "reading", "failed"]);
    const second = await journey.signedUp();
    const other = question("Hello");
    journey.model.answer(other.key, { text: "Hello to you." });
    await send(second.page, other.text);
    await chatIdOf(second.page);
    expect(journey.app.runPids().size).toBe(2);
    letGo();
    await waitAnswered(first.page, 1);
    await waitAnswered(second.page, 1);
  },
);
