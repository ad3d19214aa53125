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

/** What the page shows after one change of it. */
type Sample = {
  /** Tells the documents and pages apart. */
  asked: number;
  path: string;
  questions: string[];
  /** The last answer's text; null: there is none. */
  answer: string | null;
  composer: boolean;
};

/**
 * Watches, at every change of the page from now on and after each reload, that what the last answer shows is
 * a beginning of `text`: no word lost, none twice. What a document has shown it keeps: the answer as far as it had got,
 * the person's messages, the message box. The returned function gives what was seen otherwise.
 */
export async function watchBeginnings(page: Page, text: string): Promise<() => string[]> {
  const wrong: string[] = [];
  const before = new Map<string, Sample>();
  let samples = 0;
  await page.exposeFunction("longrunSample", (sample: Sample) => {
    const { asked, path, answer } = sample;
    if (answer !== null) samples += 1;
    if (answer !== null && !text.startsWith(answer.trimEnd())) wrong.push(answer);
    const had = before.get(`${asked} ${path}`);
    if (had) wrong.push(...takenBack(had, sample));
    before.set(`${asked} ${path}`, sample);
  });
  const install = (): void => {
    const look = (): void => {
      const messagesOf = (role: string) => [
        ...document.querySelectorAll<HTMLElement>(`[data-message-id][data-role=${role}]`),
      ];
      const parts = [
        ...(messagesOf("assistant").at(-1)?.querySelectorAll<HTMLElement>("[data-part=text]") ?? []),
      ];
      const report = (window as unknown as { longrunSample: (sample: Sample) => void }).longrunSample;
      report({
        asked: performance.timeOrigin,
        path: location.pathname,
        questions: messagesOf("user").map((message) => message.textContent ?? ""),
        answer: parts.length === 0 ? null : parts.map((part) => part.innerText).join(""),
        composer: document.getElementById("message") !== null,
      });
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

/** What one document showed and then did not. */
function takenBack(had: Sample, has: Sample): string[] {
  const lost = had.questions.filter((text, index) => has.questions[index] !== text);
  const less = had.answer !== null && (has.answer ?? "").trimEnd().length < had.answer.trimEnd().length;
  return [
    ...lost.map((text) => `the message "${text}" is gone`),
    ...(less ? [`"${had.answer}" -> ${has.answer === null ? "no answer" : `"${has.answer}"`}`] : []),
    ...(had.composer && !has.composer ? ["the message box is gone"] : []),
  ];
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
