import type { Page } from "playwright-core";
import { expect } from "vitest";
import { journeys } from "../support/journey.ts";
import { hydrated } from "../support/page.ts";

const { journey } = journeys();

/** The brightness of what the page is painted on, 0 to 255. */
const ground = (page: Page): Promise<number> =>
  page.evaluate(() => Number(/\d+/.exec(getComputedStyle(document.documentElement).backgroundColor)?.[0]));

journey("the chosen theme stays after a reload, painted so from the first HTML on", async (on) => {
  const tab = await on.signedUp({ colorScheme: "light" });
  const { page } = tab;
  await hydrated(page);
  expect(await ground(page)).toBeGreaterThan(200);
  await page.locator("details.account > summary").click();
  await page.getByText("Dark", { exact: true }).click();
  await expect.poll(() => ground(page)).toBeLessThan(60);
  // Every theme that the page ever has, from the parser's first element on.
  await page.addInitScript(() => {
    const seen: string[] = [];
    Object.assign(window, { seenThemes: seen });
    const look = () => seen.push(document.documentElement?.dataset.theme ?? "");
    new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
  });
  await page.reload();
  await hydrated(page);
  const seen = await page.evaluate(() => (window as unknown as { seenThemes: string[] }).seenThemes);
  expect([...new Set(seen)]).toEqual(["dark"]);
  expect(await ground(page)).toBeLessThan(60);
  await page.locator("details.account > summary").click();
  expect(await page.getByRole("radio", { name: "Dark" }).isChecked()).toBe(true);

  const plain = await on.open({ scripts: false, colorScheme: "light" });
  await plain.context.addCookies(await tab.context.cookies());
  await plain.page.goto("/chats");
  expect(await ground(plain.page), "without scripts too").toBeLessThan(60);
});

journey("without scripts a theme is chosen by a form, which leads back to where it was", async (on) => {
  const tab = await on.signedUp();
  const plain = await on.open({ scripts: false, colorScheme: "light" });
  await plain.context.addCookies(await tab.context.cookies());
  await plain.page.goto("/chats?older=60");
  await plain.page.locator("details.account > summary").click();
  await plain.page.getByText("Dark", { exact: true }).click();
  await plain.page.getByRole("button", { name: "Use this theme" }).click();
  await expect.poll(() => ground(plain.page)).toBeLessThan(60);
  const { pathname, search } = new URL(plain.page.url());
  expect(pathname + search).toBe("/chats?older=60");
});
