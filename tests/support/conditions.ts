import { setTimeout as sleep } from "node:timers/promises";
import type { Locator, Page, Request } from "playwright-core";
import { expect } from "vitest";
import { openSecondPage, type Tab } from "./browser.ts";
import { eventually } from "./eventually.ts";
import { killRun } from "./fault-steps.ts";
import { goesOn } from "./goes-on.ts";
import type { Journey } from "./journey.ts";
import { chatIdOf, cutOff, hydrated, shown } from "./page.ts";

export const PHONE = { width: 390, height: 844 };

/** Waits until the page shows what it must, and throws when it does not. */
type Look = (page: Page) => Promise<void>;

/**
 * What a feature must hold against. `killed run`: the process that answers the chat, or waits to, is killed, and after
 * all conditions the next one is asked something. `killed run, asked later`: the journey itself asks it.
 */
export type Condition = "reload" | "second tab" | "killed run" | "killed run, asked later" | "390 px";

type Step = (on: { journey: Journey; tab: Tab; look: Look }) => Promise<void>;

const killed: Step = async ({ journey, tab: { page }, look }) => {
  await killRun(journey, await chatIdOf(page));
  await look(page);
  await page.reload();
  await hydrated(page);
  await look(page);
};

const STEPS: Record<Condition, Step> = {
  async reload({ tab: { page }, look }) {
    await page.reload();
    await hydrated(page);
    await look(page);
  },
  async "second tab"({ tab, look }) {
    const second = await openSecondPage(tab, tab.page.url());
    await hydrated(second);
    await look(second);
    await second.close();
  },
  "killed run": killed,
  "killed run, asked later": killed,
  async "390 px"({ tab: { page }, look }) {
    const before = page.viewportSize();
    await page.setViewportSize(PHONE);
    await look(page);
    await fitsSideways(page);
    if (before) await page.setViewportSize(before);
  },
};

/**
 * Checks that the page shows the same under each of these conditions, one after the other. With `killed run` the chat
 * has one more question and answer afterwards: see `goesOn`.
 */
export async function holdsUnder(
  journey: Journey,
  tab: Tab,
  look: Look,
  conditions: readonly Condition[],
): Promise<void> {
  await look(tab.page);
  for (const condition of conditions) {
    try {
      await STEPS[condition]({ journey, tab, look });
    } catch (error) {
      if (error instanceof Error) error.message = `${condition}: ${error.message}`;
      throw error;
    }
  }
  if (conditions.includes("killed run")) await goesOn(journey, tab.page);
}

/** Nothing of the conversation, the composer and what is opened beside them stands beyond an edge. */
export async function fitsSideways(page: Page): Promise<void> {
  const read = page.locator("[data-message-id], #message, [data-document-text], [role=dialog]");
  expect(await cutOff(read.filter({ visible: true })), "boxes that are too wide").toEqual([]);
}

/** Waits until the texts of the page's messages are exactly these. */
export async function showsTexts(page: Page, wanted: readonly string[]): Promise<void> {
  let last: string[] = [];
  const same = async (): Promise<boolean> => {
    last = (await shown(page)).map(({ text }) => text);
    return JSON.stringify(last) === JSON.stringify(wanted);
  };
  await eventually(same, {
    what: () => `the page shows ${JSON.stringify(last)}, not ${JSON.stringify(wanted)}`,
    ms: 30_000,
  });
}

/**
 * Reaches the element with the Tab key alone (`Shift+Tab`: backwards), presses a key on it, and checks that the focus
 * is still in the page afterwards. Throws when the key never leads there.
 */
export async function pressOn(
  page: Page,
  target: Locator,
  {
    key = "Enter",
    by = "Shift+Tab",
    most = 120,
  }: { key?: string; by?: "Tab" | "Shift+Tab"; most?: number } = {},
): Promise<void> {
  await eventually(() => target.isEnabled(), { what: () => `${String(target)} cannot be pressed` });
  for (let pressed = 0; pressed < most; pressed += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) {
      expect(await target.isVisible(), "what has the focus is seen").toBe(true);
      await untilSettled(page, () => page.keyboard.press(key));
      const isLost = () => page.evaluate(() => document.activeElement === document.body).catch(() => true);
      const message = `the focus is lost after ${key} on ${String(target)}`;
      await expect.poll(isLost, { message, timeout: 1_500 }).toBe(false);
      return;
    }
    await page.keyboard.press(by);
  }
  throw new Error(`${most} times ${by} do not lead to ${String(target)}`);
}

const QUIET_MS = 250;
/** A page that a model writes into never is. */
const SETTLED_MS = 3_000;

/** Waits until what was done has been answered by the server and the page changes no more. */
async function untilSettled(page: Page, act: () => Promise<void>): Promise<void> {
  const asked = new Set<Request>();
  const { origin } = new URL(page.url());
  const begin = (request: Request): void => {
    if (request.method() !== "GET" || new URL(request.url()).origin === origin) asked.add(request);
  };
  const end = (request: Request): void => void asked.delete(request);
  page.on("request", begin).on("requestfinished", end).on("requestfailed", end);
  try {
    await act();
    const deadline = Date.now() + SETTLED_MS;
    do {
      // A navigation takes the page away under it, and without scripts a page's timers never ring.
      const quiet = page.evaluate(untilQuiet, QUIET_MS).catch(() => undefined);
      await Promise.race([quiet, sleep(8 * QUIET_MS)]);
    } while (asked.size > 0 && Date.now() < deadline);
  } finally {
    page.off("request", begin).off("requestfinished", end).off("requestfailed", end);
  }
}

/** Runs in the page. */
function untilQuiet(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      observer.disconnect();
      resolve();
    };
    let timer = setTimeout(done, ms);
    const observer = new MutationObserver(() => {
      clearTimeout(timer);
      timer = setTimeout(done, ms);
    });
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    setTimeout(done, 6 * ms);
  });
}
