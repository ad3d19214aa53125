import type { Page } from "playwright-core";
import { expect } from "vitest";
import { openSecondPage, type Tab } from "../support/browser.ts";
import { holdsUnder, pressOn } from "../support/conditions.ts";
import { opener, panel, untilWritten, write } from "../support/documents.ts";
import { eventually } from "../support/eventually.ts";
import { killRun } from "../support/fault-steps.ts";
import { journeys, type Journey } from "../support/journey.ts";
import { numberedWords, question } from "../support/model-script.ts";
import { chatIdOf, hydrated, send, waitAnswered } from "../support/page.ts";

const { journey } = journeys();
const SOON = { timeout: 30_000 };

type Kind = {
  kind: string;
  title: string;
  language?: string;
  text: string;
  drawn: (page: Page) => Promise<void>;
};

const long = numberedWords(60);

/** What is written, and how the panel shows that it is drawn and not only there as a text. */
const KINDS: Kind[] = [
  {
    kind: "markdown",
    title: "Notes",
    text: `# A heading\n\n${long}\n\n| a | b |\n|---|---|\n| 1 | 2 |\n`,
    drawn: async (page) => {
      await panel(page).locator("h1", { hasText: "A heading" }).waitFor();
      await panel(page).locator("table").waitFor();
    },
  },
  {
    kind: "code",
    title: "answer.ts",
    language: "typescript",
    text: `const answer = 42; // ${long}\nexport default answer;\n`,
    drawn: (page) => panel(page).locator(".hljs-keyword", { hasText: "export" }).waitFor(),
  },
  {
    kind: "html",
    title: "A page",
    text: `<!doctype html><p>${long}</p><p id="sum"></p><script>document.getElementById("sum").textContent = 40 + 2</script>`,
    drawn: async (page) => {
      const sum = page.frameLocator("iframe.document-frame").locator("#sum");
      await expect.poll(() => sum.textContent({ timeout: 500 }).catch(() => ""), SOON).toBe("42");
    },
  },
  {
    kind: "svg",
    title: "A drawing",
    text: `<svg xmlns="http://www.w3.org/2000/svg" width="120" height="60"><desc>${long}</desc><rect width="120" height="60" fill="teal"/></svg>`,
    drawn: async (page) => {
      const drawing = panel(page).locator("img.document-drawing");
      const width = () => drawing.evaluate((image: HTMLImageElement) => image.naturalWidth, { timeout: 500 });
      await expect.poll(() => width().catch(() => 0), SOON).toBe(120);
    },
  },
];

const openerOf = (page: Page, { title }: Kind) =>
  opener(page).filter({ visible: true }).and(page.getByLabel(title));
const beginning = ({ text }: Kind) => text.slice(text.indexOf("word1"), text.indexOf("word1") + 40);

/** Has it written, with a reload, a second tab and a kill of the run while it is half there. */
async function writtenThroughKill(journey: Journey, tab: Tab, one: Kind, answers: number): Promise<void> {
  const { page } = tab;
  const { kind, title, text, language } = one;
  const asked = question(`Write ${title}`);
  const tool = write({ title, kind, text, ...(language ? { language } : {}) });
  const prepared = journey.model.answer(asked.key, (attempt) => ({
    tool,
    toolPieceSize: 12,
    text: `${title} is written.`,
    ...(attempt === 1 ? { holdToolAfter: 25 } : {}),
  }));
  await send(page, asked.text);
  const chatId = await chatIdOf(page);
  await prepared.held();
  const half = (shown: string): boolean => shown.includes(beginning(one)) && !shown.includes("word60");
  await untilWritten(page, half);
  await page.reload();
  await untilWritten(page, half);
  const second = await openSecondPage(tab, page.url());
  await untilWritten(second, half);
  await hydrated(second);
  await killRun(journey, chatId);
  await eventually(() => prepared.asked.length >= 2, { what: () => "not written anew", ms: 30_000 });
  for (const each of [page, second]) {
    await waitAnswered(each, answers, 60_000);
    await one.drawn(each);
  }
  await second.close();
  await page.keyboard.press("Escape");
}

journey(
  "a text, code, a web page and a drawing: each is drawn after a kill in mid-write, in every tab, on a phone and by keyboard",
  async (journey) => {
    const tab = await journey.signedUp();
    const { page } = tab;
    for (const [index, one] of KINDS.entries()) await writtenThroughKill(journey, tab, one, index + 1);
    const chatId = await chatIdOf(page);
    const rows = await journey.app.query<{ text: string }>(
      `SELECT text FROM "DocumentVersion" WHERE "chatId" = $1`,
      [chatId],
    );
    expect(rows.map(({ text }) => text).sort()).toEqual(KINDS.map(({ text }) => text).sort());
    await page.goto(`/chats/${chatId}`);
    await hydrated(page);
    const sees = async (on: Page): Promise<void> => {
      await waitAnswered(on, KINDS.length);
      for (const one of KINDS) {
        await pressOn(on, openerOf(on, one));
        await one.drawn(on);
        await on.keyboard.press("Escape");
        await panel(on).waitFor({ state: "detached" });
      }
    };
    await holdsUnder(journey, tab, sees, ["reload", "second tab", "390 px", "killed run"]);
  },
);

journey(
  "a change of a document is made once, through a kill while it is written and one right after it",
  async (journey) => {
    const { app, model } = journey;
    const tab = await journey.signedUp();
    const { page } = tab;
    const first = question("Write a list");
    model.answer(first.key, {
      tool: write({ title: "List", kind: "markdown", text: `milk\n\n${long}` }),
      text: "There.",
    });
    await send(page, first.text);
    const chatId = await chatIdOf(page);
    await waitAnswered(page, 1);
    const { text, key } = question("Change it");
    const edits = [{ find: "milk", replace: "milk and then milk of oats" }];
    const prepared = model.answer(key, (attempt) => ({
      tool: { name: "editDocument", input: { documentId: "1", edits } },
      toolPieceSize: 8,
      text: "It is changed.",
      ...(attempt === 1 ? { holdToolAfter: 6 } : attempt === 3 ? { holdAfter: 1 } : {}),
    }));
    await send(page, text);
    await prepared.held();
    await killRun(journey, chatId);
    await eventually(() => (prepared.asked[2]?.sent.length ?? 0) > 0, {
      what: () => `the model was asked ${prepared.asked.length} times\n${app.logs()}`,
      ms: 60_000,
    });
    await killRun(journey, chatId);
    await waitAnswered(page, 2, 60_000);
    const versions = await app.query<{ text: string }>(
      `SELECT text FROM "DocumentVersion" WHERE "chatId" = $1 ORDER BY number`,
      [chatId],
    );
    expect(versions.map((row) => row.text)).toEqual([
      `milk\n\n${long}`,
      `milk and then milk of oats\n\n${long}`,
    ]);
    await page.goto(`/chats/${chatId}`);
    await hydrated(page);
    const sees = async (on: Page): Promise<void> => {
      await waitAnswered(on, 2);
      const card = on.locator("[data-part=tool-editDocument]");
      expect(await card.evaluateAll((all) => all.map((one) => one.getAttribute("data-state")))).toEqual([
        "output-available",
      ]);
      await pressOn(on, opener(on).last());
      await untilWritten(on, (shown) => shown.startsWith("milk and then milk of oats"));
      await panel(on).getByText("Version 2 of 2").waitFor();
      await on.keyboard.press("Escape");
      await panel(on).waitFor({ state: "detached" });
    };
    await holdsUnder(journey, tab, sees, ["reload", "second tab", "390 px", "killed run"]);
  },
);
