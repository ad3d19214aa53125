import type { Page } from "playwright-core";
import { afterAll, expect } from "vitest";
import { openSecondPage } from "../support/browser.ts";
import { holdsUnder, PHONE, pressOn } from "../support/conditions.ts";
import { eventually } from "../support/eventually.ts";
import { killRun } from "../support/fault-steps.ts";
import { journeys, type Journey } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import { startPageServer } from "../support/page-server.ts";
import { chatIdOf, hydrated, send, waitAnswered } from "../support/page.ts";
import { card, unfolds, untilCard } from "../support/tool-cards.ts";

const web = await startPageServer();
afterAll(() => web.stop());
const { journey } = journeys({ FETCH_ALLOWED_HOSTS: web.host });

const CODE = 'console.log("typeof process:", typeof process); [1, 2, 3].map((x) => x * 2)';

/** Lets the model call a tool once and say `text`; gives the question's text. */
function callOf({ model }: Journey, name: string, input: object, text = `${name} is done.`): string {
  const asked = question(`Use ${name}`);
  model.answer(asked.key, { tool: { name, input }, text });
  return asked.text;
}

journey(
  "the clock, the search in one's own chats, a calculation and a script: given and got, on a phone, by keyboard, in every tab, after a kill",
  async (journey) => {
    const tab = await journey.signedUp({ viewport: PHONE });
    const { page } = tab;
    const other = question("Which bridge is the oldest?");
    journey.model.answer(other.key, { text: "The Caravan Bridge, they say." });
    await send(page, other.text);
    await chatIdOf(page);
    await waitAnswered(page, 1);

    await page.goto("/chats");
    const calls = [
      callOf(journey, "currentTime", { timeZone: "Europe/Paris" }),
      callOf(journey, "searchChats", { query: `oldest ${other.key}` }),
      callOf(journey, "calculate", { expression: "0.1 + 0.2" }),
      callOf(journey, "runJavaScript", { code: CODE }),
    ];
    for (const [index, text] of calls.entries()) {
      await send(page, text);
      await waitAnswered(page, index + 1);
    }
    const sees = async (on: Page): Promise<void> => {
      await waitAnswered(on, 4);
      await unfolds(on, "currentTime", /Looked at the clock/, /Europe\/Paris[^]*Output\s+\w+day/);
      await unfolds(on, "searchChats", /Searched your chats/, new RegExp(`oldest\\? ${other.key}`));
      await unfolds(on, "calculate", /0\.1 \+ 0\.2[^]*Result\s+0\.3/);
      await unfolds(on, "runJavaScript", /typeof process: undefined[^]*Result\s+\[2, 4, 6\]/);
    };
    await holdsUnder(journey, tab, sees, ["reload", "second tab", "390 px", "killed run"]);

    // The model was given each result.
    const told = journey.model.turns.at(-1)?.request.messages.filter(({ role }) => role === "tool");
    expect(JSON.stringify(told)).toMatch(/Caravan|oldest[^]*0\.3[^]*\[2, 4, 6\]/);
    // The keys alone lead to a card, and from what was found to its chat.
    await pressOn(page, card(page, "searchChats").locator("summary"));
    await pressOn(page, card(page, "searchChats").locator(".hits a").first(), { by: "Tab" });
    await page.getByText("The Caravan Bridge, they say.").waitFor();
  },
);

journey(
  "a tool shows that it runs, and then what came of it: a page, or why there is none; also through a kill while it runs",
  async (journey) => {
    const { model } = journey;
    const tab = await journey.signedUp();
    const { page } = tab;
    web.put("/slow", `<title>A slow page</title><p>${"Slowly over the river. ".repeat(20)}</p>`);
    const letGo = web.hold("/slow");
    const { text, key } = question(`Read ${web.address("/slow")}`);
    const tool = { name: "fetchPage", input: { url: web.address("/slow") } };
    const prepared = model.answer(key, { tool, text: "It is slow." });
    await send(page, text);
    const chatId = await chatIdOf(page);
    const second = await openSecondPage(tab, `/chats/${chatId}`);
    const runs = async (on: Page): Promise<void> => {
      await untilCard(on, "fetchPage", "input-available");
      expect(await card(on, "fetchPage").locator("summary").innerText()).toContain("Reading a page");
    };
    for (const each of [page, second]) await runs(each);
    await page.reload();
    await runs(page);
    await killRun(journey, chatId);
    await eventually(() => prepared.asked.length === 2, { what: () => "not asked anew", ms: 30_000 });
    letGo();
    for (const each of [page, second]) {
      await waitAnswered(each, 1);
      await untilCard(each, "fetchPage", "output-available");
      expect(await each.locator("[data-part=tool-fetchPage]").count()).toBe(1);
      await unfolds(each, "fetchPage", /Read a page/, /A slow page[^]*Slowly over the river/);
    }

    const missing = question(`Read ${web.address("/missing")}`);
    model.answer(missing.key, {
      tool: { name: "fetchPage", input: { url: web.address("/missing") } },
      text: "There is no such page.",
    });
    await send(page, missing.text);
    const failed = async (on: Page): Promise<void> => {
      await waitAnswered(on, 2);
      await untilCard(on, "fetchPage", "output-error");
      await unfolds(
        on,
        "fetchPage",
        /Reading a page: failed/,
        /missing[^]*Error\s+The page answered with status 404/,
      );
    };
    await failed(second);
    await hydrated(page);
    await holdsUnder(journey, tab, failed, ["reload", "second tab", "390 px", "killed run"]);
    await pressOn(page, card(page, "fetchPage").locator("summary"));
    await card(page, "fetchPage").getByText("status 404").waitFor();
  },
);

/** Takes its time; what it writes is different each time that it is run. */
const SLOW = "const end = Date.now() + 2000; while (Date.now() < end); console.log('ended at', end); 6 * 7";

journey(
  "a script whose run is killed under it is run again, and the answer has one result of it, in every tab",
  async (journey) => {
    const tab = await journey.signedUp();
    const { page } = tab;
    const { text, key } = question("Run it");
    const prepared = journey.model.answer(key, {
      tool: { name: "runJavaScript", input: { code: SLOW } },
      text: "It is 42.",
    });
    await send(page, text);
    const chatId = await chatIdOf(page);
    const second = await openSecondPage(tab, `/chats/${chatId}`);
    await untilCard(page, "runJavaScript", "input-available");
    await killRun(journey, chatId);
    expect(prepared.asked.length, "the fault missed the open turn").toBe(1);
    const once = async (on: Page): Promise<void> => {
      await waitAnswered(on, 1);
      await untilCard(on, "runJavaScript", "output-available");
      expect(await on.locator("[data-part=tool-runJavaScript]").count()).toBe(1);
      await unfolds(on, "runJavaScript", /Ran a script/, /ended at \d+[^]*Result\s+42/);
    };
    await once(second);
    // A script changes nothing, so the new run simply runs it again; its result is told once, and never a third time.
    expect(
      prepared.asked.map(({ request }) => request.messages.filter(({ role }) => role === "tool").length),
    ).toEqual([0, 0, 1]);
    await holdsUnder(journey, tab, once, ["reload", "second tab", "390 px", "killed run"]);
  },
);
