import { randomUUID } from "node:crypto";
import type { Locator, Page } from "playwright-core";
import { eventually } from "./eventually.ts";

/** A message as the page shows it. */
export interface ShownMessage {
  id: string;
  role: string;
  /** The text parts, one after the other, as they are seen. */
  text: string;
}

export interface Person {
  name: string;
  email: string;
  password: string;
}

export function newPerson(name = "Ada Lovelace"): Person {
  return { name, email: `${randomUUID().slice(0, 13)}@example.org`, password: `pass ${randomUUID()}` };
}

/** Makes an account through the form and ends on the new-chat page. */
export async function signUp(page: Page, person = newPerson()): Promise<Person> {
  await page.goto("/signup");
  await page.getByLabel("Name").fill(person.name);
  await page.getByLabel("Email").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.waitForURL(/\/chats/);
  return person;
}

export const composer = (page: Page): Locator => page.getByLabel("Message", { exact: true });
export const sendButton = (page: Page): Locator => page.getByRole("button", { name: "Send", exact: true });
export const stopButton = (page: Page): Locator => page.getByRole("button", { name: "Stop", exact: true });

/** Waits until the page's scripts are live. */
export async function hydrated(page: Page): Promise<void> {
  await page.locator("[data-chat-status][data-hydrated]").waitFor({ state: "attached" });
}

/** Writes into the composer and presses Send. */
export async function send(page: Page, text: string): Promise<void> {
  await hydrated(page);
  await composer(page).fill(text);
  await sendButton(page).click();
}

/** The chat's state: ready, submitted, streaming or error. */
export async function status(page: Page): Promise<string | null> {
  return page.locator("[data-chat-status]").getAttribute("data-chat-status");
}

export async function waitStatus(page: Page, wanted: string, ms = 30_000): Promise<void> {
  let last: string | null = null;
  await eventually(async () => (last = await status(page).catch(() => null)) === wanted, {
    what: () => `the chat is "${last}", not "${wanted}"`,
    ms,
  });
}

/** Waits until an answer is there and no turn is open. */
export async function waitReady(page: Page, ms = 30_000): Promise<void> {
  await waitStatus(page, "ready", ms);
}

/** Waits until the page shows so many answers, and the chat is ready. */
export async function waitAnswered(page: Page, count: number, ms = 30_000): Promise<void> {
  let last = "";
  const answered = async (): Promise<boolean> => {
    const now = await status(page).catch(() => null);
    const seen = await shown(page).catch(() => []);
    const answers = seen.filter(({ role, text }) => role === "assistant" && text !== "");
    last = `"${now}" with ${answers.length} answers`;
    return now === "ready" && answers.length >= count;
  };
  await eventually(answered, { what: () => `the chat is ${last}, not "ready" with ${count}`, ms });
}

/** Every message of the page, from the top. */
export async function shown(page: Page): Promise<ShownMessage[]> {
  return page.locator("[data-message-id]").evaluateAll((elements) =>
    elements.map((element) => ({
      id: element.getAttribute("data-message-id") ?? "",
      role: element.getAttribute("data-role") ?? "",
      text: [...element.querySelectorAll<HTMLElement>("[data-part=text]")]
        .map((part) => part.innerText)
        .join(""),
    })),
  );
}

/** The text of the n-th answer (from 1), or of the last; empty while there is none. */
export async function assistantText(page: Page, n?: number): Promise<string> {
  const answers = (await shown(page)).filter(({ role }) => role === "assistant");
  return answers.at(n === undefined ? -1 : n - 1)?.text ?? "";
}

/** Waits until the last answer shows at least so many characters. */
export async function waitForText(page: Page, length: number, ms = 20_000): Promise<void> {
  let text = "";
  await eventually(async () => (text = await assistantText(page).catch(() => "")).length >= length, {
    what: () => `the answer shows ${text.length} characters, not ${length}: "${text}"`,
    ms,
  });
}

/** The id in the page's address, once there is one. */
export async function chatIdOf(page: Page): Promise<string> {
  await page.waitForURL(/\/chats\/[0-9a-f-]{36}/);
  return page.url().match(/\/chats\/([0-9a-f-]{36})/)?.[1] ?? "";
}

/**
 * Watches, at every change of the page from now on and after each reload, that what the last answer shows is
 * a beginning of `text`: no word lost, none twice. The returned function gives what was seen otherwise.
 */
export async function watchBeginnings(page: Page, text: string): Promise<() => string[]> {
  const wrong: string[] = [];
  let samples = 0;
  await page.exposeFunction("longrunSample", (sample: string) => {
    samples += 1;
    if (!text.startsWith(sample.trimEnd())) wrong.push(sample);
  });
  const install = (): void => {
    const look = (): void => {
      const answers = document.querySelectorAll("[data-message-id][data-role=assistant]");
      const parts = [
        ...(answers[answers.length - 1]?.querySelectorAll<HTMLElement>("[data-part=text]") ?? []),
      ];
      if (parts.length === 0) return;
      const report = (window as unknown as { longrunSample: (text: string) => void }).longrunSample;
      report(parts.map((part) => part.innerText).join(""));
    };
    const start = (): void => {
      look();
      new MutationObserver(look).observe(document.body, {
        subtree: true,
        childList: true,
        characterData: true,
      });
    };
    if (document.body) start();
    else document.addEventListener("DOMContentLoaded", start);
  };
  await page.addInitScript(install);
  await page.evaluate(install);
  return () => {
    if (samples === 0) throw new Error("the watcher of the answer's text saw nothing at all");
    return wrong;
  };
}

/** The boxes around what is found that cut off what is in them, or scroll sideways. The page gets no wider by those. */
export async function cutOff(inside: Locator): Promise<string[]> {
  await inside.first().waitFor();
  return await inside.evaluateAll((elements) => {
    const found = new Set<string>();
    for (const element of elements) {
      for (let box = element.parentElement; box; box = box.parentElement) {
        const holdsAll = box.scrollWidth <= box.clientWidth;
        const letsOut = getComputedStyle(box).overflowX === "visible" && box !== document.documentElement;
        if (!holdsAll && !letsOut) found.add(box.className || box.tagName);
      }
    }
    return [...found];
  });
}
