import type { Page } from "playwright-core";
import { afterAll, expect } from "vitest";
import { openSecondPage } from "../support/browser.ts";
import { holdsUnder, pressOn } from "../support/conditions.ts";
import { eventually } from "../support/eventually.ts";
import { killRun } from "../support/fault-steps.ts";
import { journeys, type Journey } from "../support/journey.ts";
import type { Script } from "../support/model-script.ts";
import { question } from "../support/model-script.ts";
import { startPageServer } from "../support/page-server.ts";
import { assistantText, chatIdOf, hydrated, send, waitAnswered, waitReady } from "../support/page.ts";
import { unfolds, untilCard } from "../support/tool-cards.ts";

const web = await startPageServer();
afterAll(() => web.stop());
const { journey } = journeys({ FETCH_ALLOWED_HOSTS: web.host });

const times = (path: string): number => web.asked.filter((one) => one === path).length;
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

/**
 * Asks, with a second tab open, what waits for a decision; the answer to it stands still once, for the run to be
 * killed there.
 */
async function waitsFor(journey: Journey, tool: NonNullable<Script["tool"]>, text: string) {
  const tab = await journey.signedUp();
  const asked = question("Decide");
  const prepared = journey.model.answer(asked.key, (attempt) => ({
    tool,
    text,
    ...(attempt === 2 ? { holdAfter: 1 } : {}),
  }));
  await send(tab.page, asked.text);
  const chatId = await chatIdOf(tab.page);
  await waitReady(tab.page);
  const second = await openSecondPage(tab, `/chats/${chatId}`);
  await hydrated(second);
  return { tab, page: tab.page, second, chatId, prepared };
}

type Waits = Awaited<ReturnType<typeof waitsFor>>;

/** Kills the run after the decision, in mid-answer, and expects the answer whole in both tabs. */
async function killAfterIt(journey: Journey, { page, second, chatId, prepared }: Waits, text: string) {
  await prepared.held();
  await killRun(journey, chatId);
  await eventually(() => prepared.asked.length === 3, { what: () => "not answered anew", ms: 30_000 });
  for (const each of [page, second]) {
    await waitAnswered(each, 1);
    expect(await assistantText(each)).toBe(text);
  }
}

journey(
  "an approval by keyboard is seen in the other tab at once and holds through a kill",
  async (journey) => {
    web.put("/once", `<title>Read once</title><p>${"Only once over the river. ".repeat(20)}</p>`);
    const tool = { name: "fetchPage", input: { url: web.address("/once") } };
    const waits = await waitsFor(journey, tool, "It is read.");
    const { tab, page, second } = waits;
    await button(second, "Approve").waitFor();
    await pressOn(page, button(page, "Approve"));
    await button(second, "Approve").waitFor({ state: "detached" });
    await untilCard(second, "fetchPage", "output-available");
    await killAfterIt(journey, waits, "It is read.");
    expect(times("/once"), "how often the page was read").toBe(1);
    const sees = async (on: Page): Promise<void> => {
      await untilCard(on, "fetchPage", "output-available");
      expect(await assistantText(on)).toBe("It is read.");
      expect(await button(on, "Approve").count()).toBe(0);
      expect(await on.locator("[data-part=tool-fetchPage]").count()).toBe(1);
      await unfolds(on, "fetchPage", /Read once/);
    };
    await sees(second);
    await holdsUnder(journey, tab, sees, ["reload", "second tab", "390 px", "killed run"]);
  },
);

journey(
  "a denial by keyboard, with its reason, is seen in the other tab at once and holds through a kill",
  async (journey) => {
    const tool = { name: "fetchPage", input: { url: web.address("/never") } };
    const waits = await waitsFor(journey, tool, "Then not.");
    const { tab, page, second, prepared } = waits;
    await button(second, "Approve").waitFor();
    await pressOn(page, button(page, "Deny…"));
    await page.keyboard.type("I do not trust it");
    await page.keyboard.press("Enter");
    await button(second, "Approve").waitFor({ state: "detached" });
    await untilCard(second, "fetchPage", "output-denied");
    await killAfterIt(journey, waits, "Then not.");
    expect(JSON.stringify(prepared.asked[2]?.request.messages)).toContain("I do not trust it");
    const sees = async (on: Page): Promise<void> => {
      await untilCard(on, "fetchPage", "output-denied");
      expect(await assistantText(on)).toBe("Then not.");
      await unfolds(on, "fetchPage", /Reading a page: not allowed/, /Reason\s+I do not trust it/);
    };
    await sees(second);
    await holdsUnder(journey, tab, sees, ["reload", "second tab", "390 px", "killed run"]);
    expect(times("/never")).toBe(0);
  },
);

journey("a choice by keyboard is seen in the other tab at once and holds through a kill", async (journey) => {
  const tool = { name: "askUser", input: { question: "Which colour?", choices: ["Red", "Blue"] } };
  const waits = await waitsFor(journey, tool, "Blue it is.");
  const { tab, page, second, prepared } = waits;
  await second.getByText("Which colour?").waitFor();
  await holdsUnder(journey, tab, (on) => button(on, "Blue").waitFor(), ["390 px", "killed run, asked later"]);
  await pressOn(page, button(page, "Blue"));
  await button(second, "Blue").waitFor({ state: "detached" });
  await untilCard(second, "askUser", "output-available");
  await killAfterIt(journey, waits, "Blue it is.");
  expect(JSON.stringify(prepared.asked[2]?.request.messages)).toContain("Blue");
  const sees = async (on: Page): Promise<void> => {
    await untilCard(on, "askUser", "output-available");
    expect(await assistantText(on)).toBe("Blue it is.");
    expect(await button(on, "Blue").count()).toBe(0);
    await unfolds(on, "askUser", /Asked you/, /Answer\s+Blue/);
  };
  await sees(second);
  await holdsUnder(journey, tab, sees, ["reload", "second tab", "390 px", "killed run"]);
});
