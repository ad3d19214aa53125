import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { eventually } from "./eventually.ts";

/** The newest card of a tool. */
export const card = (page: Page, tool: string): Locator => page.locator(`[data-part=tool-${tool}]`).last();

/** Waits until the newest card of the tool is in this state. */
export async function untilCard(page: Page, tool: string, wanted: string): Promise<void> {
  let last: string | null = null;
  const look = () => card(page, tool).getAttribute("data-state", { timeout: 200 });
  const same = async (): Promise<boolean> => (last = await look().catch(() => null)) === wanted;
  await eventually(same, { what: () => `the card of ${tool} is "${last}", not "${wanted}"`, ms: 30_000 });
}

/** Unfolds the card by keyboard, expects all of `inside` to be seen in it, and folds it again. */
export async function unfolds(page: Page, tool: string, ...inside: RegExp[]): Promise<void> {
  const line = card(page, tool).locator("summary");
  const isOpen = () => card(page, tool).evaluate((element) => (element as HTMLDetailsElement).open);
  expect(await isOpen(), `${tool} is folded`).toBe(false);
  await line.press("Enter");
  await eventually(isOpen, { what: () => `Enter does not open the card of ${tool}` });
  const text = await card(page, tool).innerText();
  for (const one of inside) expect(text).toMatch(one);
  await line.press("Enter");
  await eventually(async () => !(await isOpen()), { what: () => `Enter does not fold the card of ${tool}` });
}
