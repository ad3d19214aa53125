import type { Page } from "playwright-core";
import { expect } from "vitest";
import { openSecondPage } from "../support/browser.ts";
import { holdsUnder, PHONE, pressOn } from "../support/conditions.ts";
import { eventually } from "../support/eventually.ts";
import { killRun } from "../support/fault-steps.ts";
import { journeys, type Journey } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import {
  assistantText,
  chatIdOf,
  hydrated,
  send,
  stopButton,
  waitAnswered,
  waitReady,
} from "../support/page.ts";
import { killSubtask, subtasks } from "../support/research-script.ts";
import { card, untilCard } from "../support/tool-cards.ts";

const { journey } = journeys();

const SAYS = "It comes to exactly forty two, says the other agent.";
const TOLD = "The other agent has told it.";

/** Asks, and waits until another agent has calculated and stands still in the middle of what it says. */
async function atWork(journey: Journey, options: Parameters<Journey["signedUp"]>[0] = {}) {
  const tab = await journey.signedUp(options);
  const asked = question("Delegate");
  const job = question("Add up and tell");
  const prepared = journey.model.answer(asked.key, {
    tool: { name: "delegate", input: { task: job.text, tools: ["calculate"] } },
    text: TOLD,
  });
  const theirs = journey.model.answer(job.key, {
    tool: { name: "calculate", input: { expression: "20 + 22" } },
    text: SAYS,
    holdAfter: 5,
  });
  await send(tab.page, asked.text);
  const chatId = await chatIdOf(tab.page);
  await theirs.held();
  await works(tab.page);
  return { tab, page: tab.page, chatId, prepared, theirs };
}

/** The card is open and shows the other agent's words as far as they have come. */
async function works(page: Page): Promise<void> {
  const text = () => card(page, "delegate").innerText({ timeout: 500 });
  await expect.poll(() => text().catch(() => ""), { timeout: 30_000 }).toContain("It comes to exactly");
  expect(await card(page, "delegate").getAttribute("data-state")).toBe("preliminary");
}

/** The card says once, when it is unfolded by the keys alone, what was done and said. */
async function told(page: Page): Promise<void> {
  await waitAnswered(page, 1, 60_000);
  expect(await assistantText(page)).toBe(TOLD);
  await untilCard(page, "delegate", "output-available");
  expect(await page.locator("[data-part=tool-delegate]").count()).toBe(1);
  await pressOn(page, card(page, "delegate").locator("summary"));
  const text = await card(page, "delegate").innerText();
  expect(text.split(SAYS)).toHaveLength(2);
  expect(text.split("20 + 22")).toHaveLength(2);
  await page.keyboard.press("Enter");
}

/** Whether each request of the other agent had its calculation behind it already. */
const calculated = (theirs: { asked: { request: { messages: { role: string }[] } }[] }): boolean[] =>
  theirs.asked.map(({ request }) => request.messages.some(({ role }) => role === "tool"));

journey(
  "another agent's words are shown as they come, in every tab and after a reload; a killed one goes on after its last step",
  async (journey) => {
    const { tab, chatId, theirs } = await atWork(journey, { viewport: PHONE, colorScheme: "dark" });
    await holdsUnder(journey, tab, works, ["reload", "390 px"]);
    const second = await openSecondPage(tab, `/chats/${chatId}`);
    await works(second);
    const [row] = await subtasks(journey, chatId);
    await killSubtask(journey, row?.runId);
    theirs.release();
    await told(second);
    expect(calculated(theirs)).toEqual([false, true, true]);
    expect(await subtasks(journey, chatId)).toMatchObject([{ state: "done", generation: 2 }]);
    await holdsUnder(journey, tab, told, ["reload", "second tab", "390 px", "killed run"]);
  },
);

journey("Stop on another device ends another agent and its run; what it said stays", async (journey) => {
  const { tab, page, chatId, theirs } = await atWork(journey);
  const phone = await journey.open({ viewport: PHONE });
  await phone.context.addCookies(await tab.context.cookies());
  await phone.page.goto(`/chats/${chatId}`);
  await hydrated(phone.page);
  await works(phone.page);
  const [row] = await subtasks(journey, chatId);
  await pressOn(phone.page, stopButton(phone.page));
  for (const each of [phone.page, page]) await waitReady(each);
  await eventually(() => !journey.app.runPids().has(row?.runId ?? ""), {
    what: () => "the run of the other agent lives on",
    ms: 30_000,
  });
  theirs.release();
  await expect.poll(() => subtasks(journey, chatId)).toMatchObject([{ state: "stopped" }]);
  await page.reload();
  await hydrated(page);
  for (const each of [phone.page, page]) {
    await card(each, "delegate").getByText("Another agent works: not finished").waitFor();
    await pressOn(each, card(each, "delegate").locator("summary"));
    await card(each, "delegate").getByText("It comes to exactly").waitFor();
  }
});

journey(
  "another agent outlives the killed run of its chat, and tells the new answer once",
  async (journey) => {
    const { tab, page, chatId, prepared, theirs } = await atWork(journey);
    const second = await openSecondPage(tab, `/chats/${chatId}`);
    await works(second);
    await killRun(journey, chatId);
    await eventually(() => prepared.asked.length === 2, { what: () => "not answered anew", ms: 30_000 });
    theirs.release();
    for (const each of [page, second]) await told(each);
    expect(calculated(theirs)).toEqual([false, true]);
    expect(await subtasks(journey, chatId)).toMatchObject([{ state: "done", generation: 1 }]);
  },
);

journey(
  "kill -9 of the worker host while another agent works: its job is done, and the answer arrives in the open tab",
  async (journey) => {
    const { app } = journey;
    const { page, chatId, theirs } = await atWork(journey);
    const old = app.kill9("worker");
    await app.waitForNewPid("worker", old);
    await app.healthy();
    theirs.release();
    await told(page);
    expect(
      calculated(theirs).filter((done) => !done),
      "the calculation is not made again",
    ).toHaveLength(1);
    expect(await subtasks(journey, chatId)).toMatchObject([{ state: "done" }]);
    await page.reload();
    await told(page);
  },
);
