import type { Page } from "playwright-core";
import { eventually } from "./eventually.ts";

/** The page as a browser gets it, before any script has run. */
async function firstHtml(page: Page, address = page.url()): Promise<string> {
  const cookies = await page.context().cookies();
  const Cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  return (await fetch(address, { headers: { Cookie } })).text();
}

/** Waits until the first HTML is as wanted, and gives it. */
export async function untilFirstHtml(page: Page, wanted: RegExp, address = page.url()): Promise<string> {
  let html = "";
  return eventually(async () => (wanted.test((html = await firstHtml(page, address))) ? html : null), {
    what: () =>
      `the first HTML is not like ${String(wanted)}:\n${html.slice(html.indexOf("data-message-id"))}`,
    ms: 30_000,
    everyMs: 100,
  });
}

export const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
