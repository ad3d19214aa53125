import type { Page } from "playwright-core";
import { eventually } from "./eventually.ts";

/** The panel beside the chat, the text in it, the links that open it, and a call of the tool that writes. */
export const panel = (page: Page) => page.locator("aside.document");
export const written = (page: Page) => page.locator("[data-document-text]");
export const opener = (page: Page) => page.getByRole("link", { name: /^Open / });

export const write = (input: {
  title: string;
  kind: string;
  text: string;
  documentId?: string;
  language?: string;
}) => ({
  name: "writeDocument",
  input,
});

/** Waits until the panel shows a text that is `wanted`. */
export async function untilWritten(page: Page, wanted: (text: string) => boolean): Promise<void> {
  let text = "";
  const look = async () => wanted((text = (await written(page).textContent({ timeout: 200 })) ?? ""));
  await eventually(() => look().catch(() => false), {
    what: () => `the panel shows "${text.slice(-300)}"`,
    ms: 30_000,
  });
}
