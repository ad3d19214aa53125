import type { Page } from "playwright-core";
import { afterAll, expect } from "vitest";
import { openSecondPage } from "../support/browser.ts";
import { holdsUnder, PHONE, pressOn } from "../support/conditions.ts";
import { eventually } from "../support/eventually.ts";
import { killRun } from "../support/fault-steps.ts";
import { escaped, untilFirstHtml } from "../support/first-html.ts";
import { watchFrames } from "../support/frames.ts";
import { journeys } from "../support/journey.ts";
import { numberedWords, question } from "../support/model-script.ts";
import { startPageServer } from "../support/page-server.ts";
import {
  assistantText,
  chatIdOf,
  composer,
  hydrated,
  newPerson,
  send,
  sendButton,
  signUp,
  waitAnswered,
  waitReady,
} from "../support/page.ts";

const web = await startPageServer();
afterAll(() => web.stop());
const { journey } = journeys({ FETCH_ALLOWED_HOSTS: web.host });

const SOON = { timeout: 30_000 };
const thought = (page: Page) => page.locator("[data-part=reasoning]").last();
const words = (page: Page) => thought(page).locator(".card-body");
const fetchCard = (page: Page) => page.locator("[data-part=tool-fetchPage]").last();
const thoughtIs = (page: Page, text: string) =>
  expect
    .poll(
      () =>
        words(page)
          .textContent({ timeout: 200 })
          .catch(() => null),
      SOON,
    )
    .toBe(text);
const cardIs = (page: Page, state: string) =>
  expect
    .poll(
      () =>
        fetchCard(page)
          .getAttribute("data-state", { timeout: 200 })
          .catch(() => null),
      SOON,
    )
    .toBe(state);

/** A page that stands ready to be read. */
function readable(name: string): string {
  web.put(`/${name}`, `<title>All of ${name}</title><p>${"A bridge carries a road. ".repeat(10)}</p>`);
  return web.address(`/${name}`);
}

journey(
  "the first HTML holds a thought, a call that is being written, one that runs and words; no frame across the reloads has less or jumps",
  async ({ model, signedUp }) => {
    const tab = await signedUp();
    const { page } = tab;
    const url = readable("a-name-that-takes-some-pieces-to-write");
    const { text, key } = question(`Read ${url}`);
    const answer = numberedWords(60);
    const prepared = model.answer(key, (attempt) =>
      attempt === 1
        ? {
            reasoning: numberedWords(70, "thought"),
            reasoningMs: 50,
            holdReasoningAfter: 50,
            tool: { name: "fetchPage", input: { url } },
            toolPieceSize: 6,
            holdToolAfter: 6,
          }
        : { text: answer, pieceMs: 25, holdAfter: 40 },
    );
    const letGo = web.hold(new URL(url).pathname);
    const frames = await watchFrames(page);
    await send(page, text);
    const chatId = await chatIdOf(page);

    // Reloaded while the thought goes on, and while it stands still.
    await expect
      .poll(
        () =>
          words(page)
            .textContent({ timeout: 200 })
            .catch(() => ""),
        SOON,
      )
      .toContain("thought3");
    await page.reload();
    await prepared.held();
    const thinks = prepared.asked[0]?.thought ?? "";
    await untilFirstHtml(
      page,
      new RegExp(`<details open="" data-part="reasoning"[^]*?verbatim">${escaped(thinks)}</div>`),
    );
    await page.reload();
    expect(await words(page).textContent(), "before its scripts").toBe(thinks);
    const second = await openSecondPage(tab, `/chats/${chatId}`);
    expect(await words(second).isVisible()).toBe(true);

    // A call that is half written.
    prepared.goOn();
    await prepared.held();
    await untilFirstHtml(page, /data-part="tool-fetchPage" data-state="input-streaming"[^]*?http:\/\/127/);
    await page.reload();
    for (const each of [page, second]) await cardIs(each, "input-streaming");

    // A call that runs.
    prepared.goOn();
    await eventually(() => web.asked.includes(new URL(url).pathname), { what: () => "not read", ms: 30_000 });
    await untilFirstHtml(page, new RegExp(`data-state="input-available"[^]*?${escaped(url)}`));
    await page.reload();
    for (const each of [page, second]) await cardIs(each, "input-available");
    letGo();

    // Words that come while the page is loaded, and words that stand still.
    await expect.poll(() => assistantText(page).catch(() => ""), SOON).toContain("word3");
    await page.reload();
    await prepared.held();
    await untilFirstHtml(
      page,
      new RegExp(`data-state="output-available"[^]*${escaped(prepared.asked[1]?.sent.trimEnd() ?? "")}`),
    );
    await page.reload();
    prepared.release();
    for (const each of [page, second]) {
      await waitAnswered(each, 1);
      expect(await assistantText(each)).toBe(answer);
      expect(await words(each).textContent()).toBe(numberedWords(70, "thought"));
      await cardIs(each, "output-available");
    }
    expect(prepared.asked).toHaveLength(2);
    expect(frames.wrong).toEqual([]);
    const kinds = frames.seen.flatMap(({ parts }) =>
      parts.map(({ part, state }) => `${part} ${state}`.trim()),
    );
    expect([...new Set(kinds)]).toEqual(
      expect.arrayContaining([
        "reasoning Thinking",
        "tool-fetchPage input-streaming",
        "tool-fetchPage input-available",
        "tool-fetchPage output-available",
        "text",
      ]),
    );
  },
);

journey(
  "a thought is open while it lasts, in every tab and through a kill of the run, and folded when it is done",
  async (journey) => {
    const tab = await journey.signedUp({ viewport: PHONE });
    const { page } = tab;
    const { text, key } = question("Think it over");
    const reasoning = numberedWords(40, "thought");
    const prepared = journey.model.answer(key, (attempt) =>
      attempt === 1
        ? { reasoning, holdReasoningAfter: 20, text: "Never said." }
        : { reasoning, text: "Thought through." },
    );
    const isOpen = async (on: Page): Promise<void> => {
      await thoughtIs(on, prepared.asked[0]?.thought ?? "");
      expect(await thought(on).locator("summary").innerText()).toBe("Thinking");
      expect(await words(on).isVisible()).toBe(true);
    };
    await send(page, text);
    const chatId = await chatIdOf(page);
    await prepared.held();
    await holdsUnder(journey, tab, isOpen, ["reload", "second tab", "390 px"]);
    await pressOn(page, thought(page).locator("summary"));
    expect(await words(page).isVisible(), "folded by keyboard").toBe(false);

    const second = await openSecondPage(tab, `/chats/${chatId}`);
    await hydrated(second);
    await killRun(journey, chatId);
    await eventually(() => prepared.asked.length === 2, { what: () => "not answered anew", ms: 30_000 });
    const isFolded = async (on: Page): Promise<void> => {
      await waitAnswered(on, 1);
      expect(await assistantText(on)).toBe("Thought through.");
      expect(await thought(on).locator("summary").innerText()).toMatch(/^Thought /);
      expect(await thought(on).getAttribute("open")).toBeNull();
      await pressOn(on, thought(on).locator("summary"));
      expect(await words(on).innerText()).toBe(reasoning);
      await on.keyboard.press("Enter");
      expect(await words(on).isVisible()).toBe(false);
    };
    await isFolded(second);
    await holdsUnder(journey, tab, isFolded, ["reload", "390 px", "killed run"]);
  },
);

journey(
  "without scripts the document that goes on shows a thought, a call and words as they come",
  async ({ model, open }) => {
    const { page } = await open({ scripts: false });
    await signUp(page, newPerson());
    const url = readable("plain");
    const { text, key } = question(`Read ${url}`);
    const answer = numberedWords(40);
    const reasoning = numberedWords(40, "thought");
    const prepared = model.answer(key, (attempt) =>
      attempt === 1
        ? { reasoning, holdReasoningAfter: 20, tool: { name: "fetchPage", input: { url } } }
        : { text: answer, holdAfter: 20 },
    );
    const letGo = web.hold("/plain");
    await composer(page).fill(text);
    await sendButton(page).click({ noWaitAfter: true });
    await prepared.held();
    await page.waitForURL(/\/live$/, { waitUntil: "commit" });
    await thoughtIs(page, prepared.asked[0]?.thought ?? "");
    expect(await words(page).isVisible()).toBe(true);
    expect(await fetchCard(page).count()).toBe(0);
    prepared.goOn();
    await cardIs(page, "input-available");
    await thoughtIs(page, reasoning);
    letGo();
    await expect.poll(() => assistantText(page).catch(() => ""), SOON).toContain("word10");
    expect(page.url(), "still the one document").toMatch(/\/live$/);
    prepared.release();
    await waitReady(page);
    await cardIs(page, "output-available");
    expect(await assistantText(page)).toBe(answer);
    expect(await thought(page).getAttribute("open")).toBeNull();
  },
);
