import type { Locator, Page } from "playwright-core";
import { eventually } from "./eventually.ts";
import { composer, hydrated } from "./page.ts";
import type { Sample } from "./sample-files.ts";

export const picker = (page: Page): Locator => page.getByLabel("Attach files");
/** Every file of the message that is being written. */
export const tray = (page: Page): Locator =>
  page.getByRole("list", { name: "Attached files" }).getByRole("listitem");
/** Those of them that the server has. */
export const stored = (page: Page): Locator => page.locator(".tray-file[data-state=stored]");

/** The addresses of the files that the page's messages show. */
export const urlsOf = (page: Page): Promise<string[]> =>
  page
    .locator("[data-message-id] [data-part=file] a")
    .evaluateAll((links) => links.map((link) => link.getAttribute("href") ?? ""));

/** What a model was told in the last message of the person. */
export const lastContent = (messages: { role: string; content: unknown }[] = []): string =>
  JSON.stringify(messages.findLast(({ role }) => role === "user")?.content);

/** Picks the files and waits until the server has them. */
export async function attach(page: Page, ...files: Sample[]): Promise<void> {
  await hydrated(page);
  const before = await stored(page).count();
  await picker(page).setInputFiles(files);
  await eventually(async () => (await stored(page).count()) === before + files.length, {
    what: () => `${files.length} files are not stored`,
    ms: 20_000,
  });
}

/** Drops a file on the middle of the page, as the browser tells of it. */
export async function drop(page: Page, { name, mimeType, buffer }: Sample): Promise<void> {
  await page.evaluate(
    ([fileName, type, base64]) => {
      const bytes = Uint8Array.from(atob(base64 ?? ""), (sign) => sign.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], fileName ?? "", { type: type ?? "" }));
      const target = document.querySelector("main") ?? document.body;
      for (const kind of ["dragenter", "dragover", "drop"]) {
        target.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
      }
    },
    [name, mimeType, buffer.toString("base64")],
  );
}

/** Pastes a file into the composer. */
export async function paste(page: Page, { name, mimeType, buffer }: Sample): Promise<void> {
  await composer(page).evaluate(
    (box, [fileName, type, base64]) => {
      const bytes = Uint8Array.from(atob(base64 ?? ""), (sign) => sign.charCodeAt(0));
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([bytes], fileName ?? "", { type: type ?? "" }));
      box.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    },
    [name, mimeType, buffer.toString("base64")],
  );
}
