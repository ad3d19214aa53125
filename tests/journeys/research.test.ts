import type { Page } from "playwright-core";
import { afterAll, expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import { journeys, type Journey } from "../support/journey.ts";
import type { ChatRequest } from "../support/model-script.ts";
import { question } from "../support/model-script.ts";
import { startPageServer } from "../support/page-server.ts";
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

const filler = "Bridges carry roads over water, and this page says so at some length. ".repeat(6);

/** A web of its own: a first page that links to `names`, and those. */
function smallWeb(key: string, names: string[]): { first: string; path: (name: string) => string } {
  const path = (name: string): string => `/${key}/${name}`;
  const links = [...names, "missing"].map((name) => `<li><a href="${path(name)}">About ${name}</a></li>`);
  web.put(
    path("first"),
    `<title>First of ${key}</title><p>${filler}</p><ul>${links.join("")}</ul><p>${filler}</p>`,
  );
  for (const name of names)
    web.put(path(name), `<title>All about ${name}</title><p>The ${name} is old. ${filler}</p>`);
  return { first: web.address(path("first")), path };
}

type Step = "plan" | "notes" | "report";

/** Which step of a research a side request is. */
function stepOf({ messages }: ChatRequest): Step {
  const text = JSON.stringify(messages);
  if (text.includes("follow")) return "notes";
  return text.includes("cite its source") ? "report" : "plan";
}

/** Lets the model research: it follows all links of the first page, and cites what was and what was not read. */
function scriptResearch({ model }: Journey, key: string, links: number): { steps: Step[] } {
  const steps: Step[] = [];
  model.answerSide(`Find ${key}`, (request) => {
    const step = stepOf(request);
    steps.push(step);
    if (step === "plan") return '```json\n{"questions": ["How old?", "How long?"], "searches": []}\n```';
    if (step === "report")
      return "Old [1], and long [2]. See [a trap](http://never.example/read) http://bare.example/x [99].";
    const first = JSON.stringify(request.messages).includes(`First of ${key}`);
    const follow = first ? Array.from({ length: links }, (_, index) => index + 1) : [];
    return JSON.stringify({ notes: first ? "An overview." : "It is old.", follow });
  });
  return { steps };
}

function ask(journey: Journey, names: string[]) {
  const asked = question("Research");
  const { key } = asked;
  const pages = smallWeb(key, names);
  const scripted = scriptResearch(journey, key, names.length + 1);
  const text = `${asked.text} beginning with ${pages.first}`;
  const prepared = journey.model.answer(asked.key, {
    tool: { name: "deepResearch", input: { question: `Find ${key}`, urls: [pages.first] } },
    text: "The bridges are old.",
  });
  return { text, key, pages, prepared, ...scripted };
}

/** Nobody has read a page twice, and the research was planned and written once. */
function expectOnce(pages: ReturnType<typeof smallWeb>, names: string[]): void {
  for (const name of ["first", ...names, "missing"])
    expect([name, times(pages.path(name))]).toEqual([name, 1]);
}

journey(
  "a research shows each page as it stands, live, on a phone and after a reload, and cites what it read",
  async (journey) => {
    const tab = await journey.signedUp({ viewport: PHONE });
    const { page } = tab;
    const { text, pages, prepared } = ask(journey, ["arch", "beam"]);
    const letGo = web.hold(pages.path("beam"));
    await send(page, text);
    const chatId = await chatIdOf(page);
    await expect
      .poll(() => pageStates(page), { timeout: 30_000 })
      .toEqual(["read", "read", "reading", "failed"]);
    await untilState(page, "preliminary");
    expect(await card(page).innerText()).toContain("2 of 4 pages read");
    expect(await card(page).innerText()).toContain("status 404");
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0);

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
      await card(seen).locator("summary").click();
      const links = await card(seen)
        .locator("[data-report] a")
        .evaluateAll((found) => found.map((link) => link.getAttribute("href")));
      expect(links).toEqual([pages.first, web.address(pages.path("arch"))]);
      expect(await card(seen).innerText()).not.toMatch(/never\.example|bare\.example|\[99\]/);
    }
  },
);

type Row = { state: string; runId: string | null; generation: number };

const subtasks = ({ app }: Journey, chatId: string) =>
  app.query<Row>(`SELECT "state", "runId", "generation" FROM "Subtask" WHERE "chatId" = $1`, [chatId]);

/** Kills the process of a run and waits until it is gone. */
async function kill9({ app }: Journey, runId: string | null | undefined): Promise<void> {
  const pid = await eventually(() => app.runPids().get(runId ?? ""), {
    what: () => `no process of ${runId}`,
  });
  process.kill(pid, "SIGKILL");
  await eventually(() => app.runPids().get(runId ?? "") !== pid, { what: () => `${runId} lives on` });
}

journey("a killed research goes on where it was: no page is read twice", async (journey) => {
  const { page } = await journey.signedUp();
  const { text, pages, steps } = ask(journey, ["arch", "beam"]);
  const letGo = web.hold(pages.path("beam"));
  await send(page, text);
  const chatId = await chatIdOf(page);
  await expect
    .poll(() => pageStates(page), { timeout: 30_000 })
    .toEqual(["read", "read", "reading", "failed"]);
  const [before] = await subtasks(journey, chatId);
  await kill9(journey, before?.runId);
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
    const { text, key, pages, steps, prepared } = ask(journey, ["arch", "beam"]);
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
    await kill9(journey, runId);
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
    const used = await journey.app.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM "Usage" WHERE "chatId" = $1 AND "kind" = 'subtask'`,
      [chatId],
    );
    expect([key, used[0]?.n]).toEqual([key, steps.length]);
  },
);

journey("Stop ends a research and its run; what was noted stays, on every device", async (journey) => {
  const tab = await journey.signedUp();
  const { page } = tab;
  const { text, pages } = ask(journey, ["arch"]);
  const letGo = web.hold(pages.path("arch"));
  await send(page, text);
  const chatId = await chatIdOf(page);
  await expect.poll(() => pageStates(page), { timeout: 30_000 }).toEqual(["read", "reading", "failed"]);
  const [row] = await subtasks(journey, chatId);
  await stopButton(page).click();
  await waitReady(page);
  await eventually(() => !journey.app.runPids().has(row?.runId ?? ""), {
    what: () => "the run of the research lives on",
  });
  letGo();
  expect(await subtasks(journey, chatId)).toMatchObject([{ state: "stopped" }]);
  await page.reload();
  await hydrated(page);
  expect(await card(page).innerText()).toContain("Researching: not finished");
  await card(page).locator("summary").click();
  expect(await card(page).innerText()).toContain("An overview.");
  const next = question("Go on");
  const prepared = journey.model.answer(next.key, { text: "With what there is." });
  await send(page, next.text);
  await waitAnswered(page, 1);
  // What was stopped has no result, and a provider would refuse a call without one.
  expect(prepared.asked[0]?.request.messages.some((message) => "tool_calls" in message)).toBe(false);
});

journey("addresses that the model made up wait for an approval, and are then read once", async (journey) => {
  const { page } = await journey.signedUp();
  const { key, pages } = ask(journey, []);
  await send(page, `Research ${key}, please`);
  await page.getByRole("button", { name: "Approve", exact: true }).waitFor();
  expect(times(pages.path("first"))).toBe(0);
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await untilState(page, "output-available");
  await waitAnswered(page, 1);
  expectOnce(pages, []);
});

journey(
  "another agent's words are shown as they come, also after a reload; a killed one goes on after its last step",
  async (journey) => {
    const { page } = await journey.signedUp({ viewport: PHONE, colorScheme: "dark" });
    const asked = question("Delegate");
    const job = question("Add up and tell");
    journey.model.answer(asked.key, {
      tool: { name: "delegate", input: { task: job.text, tools: ["calculate"] } },
      text: "The other agent has told it.",
    });
    const theirs = journey.model.answer(job.key, {
      tool: { name: "calculate", input: { expression: "20 + 22" } },
      text: "It comes to exactly forty two, says the other agent.",
      holdAfter: 5,
    });
    await send(page, asked.text);
    const chatId = await chatIdOf(page);
    await theirs.held();
    await expect
      .poll(() => card(page, "delegate").innerText(), { timeout: 20_000 })
      .toContain("It comes to exactly");
    await page.reload();
    await hydrated(page);
    expect(await card(page, "delegate").innerText()).toContain("It comes to exactly");
    const [row] = await subtasks(journey, chatId);
    await kill9(journey, row?.runId);
    theirs.release();
    await waitAnswered(page, 1);
    expect(await assistantText(page)).toBe("The other agent has told it.");
    await card(page, "delegate").locator("summary").click();
    const text = await card(page, "delegate").innerText();
    expect(text.match(/It comes to exactly forty two, says the other agent\./g)).toHaveLength(1);
    expect(text.match(/20 \+ 22/g)).toHaveLength(1);
    expect(theirs.asked.map(({ request }) => request.messages.some(({ role }) => role === "tool"))).toEqual([
      false,
      true,
      true,
    ]);
    expect(await subtasks(journey, chatId)).toMatchObject([{ state: "done", generation: 2 }]);
  },
);

journey(
  "with one place in all, chats that wait for subtasks block neither those nor other chats",
  async (journey) => {
    const first = await journey.signedUp();
    const { text, pages } = ask(journey, ["arch"]);
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
