// Pictures of the real application: one for the README, and a set to look at.
import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Browser } from "playwright-core";
import { startApp, type App } from "../support/app.ts";
import { launchBrowser, openTab, type Tab, type TabOptions } from "../support/browser.ts";
import { composer, hydrated, send, signUp, waitAnswered, waitForText, waitStatus } from "../support/page.ts";
import type { ChatRequest } from "../support/model-script.ts";
import { startScriptedModel, type ScriptedModel } from "../support/scripted-model.ts";
import { LONG_ANSWER, README_ANSWER, RICH_ANSWER, SHORT_ANSWER } from "./answers.ts";

const FOLDER = "test-results/screenshots";
const SIZES: Record<string, NonNullable<TabOptions["viewport"]>> = {
  desktop: { width: 1280, height: 800 },
  phone: { width: 390, height: 844 },
};
const SCHEMES = ["light", "dark"] as const;

interface Scene {
  app: App;
  model: ScriptedModel;
  browser: Browser;
}

/** Moves the pointer away and takes the picture. */
async function shoot({ page }: Tab, file: string): Promise<void> {
  await page.mouse.move(0, 0);
  await page.screenshot({ path: file, animations: "disabled", caret: "hide" });
  console.log(file);
}

async function pictures(scene: Scene, size: string, colorScheme: "light" | "dark"): Promise<void> {
  const { app, model, browser } = scene;
  const tab = await openTab(browser, app.url, { viewport: SIZES[size], colorScheme });
  const { page } = tab;
  const file = (name: string): string => path.join(FOLDER, `${name}-${size}-${colorScheme}.png`);

  await page.goto("/login");
  await shoot(tab, file("sign-in"));
  await signUp(page, {
    name: "Ada",
    email: `${size}.${colorScheme}@example.org`,
    password: "correct horse 42",
  });
  await hydrated(page);
  await shoot(tab, file("empty"));

  const held = model.answer(`held ${size} ${colorScheme}`, {
    text: LONG_ANSWER,
    pieceSize: 40,
    holdAfter: 9,
  });
  await send(page, `Explain durable streams to me (held ${size} ${colorScheme})`);
  await held.held();
  await waitForText(page, 250);
  await shoot(tab, file("streaming"));
  held.release();
  await waitAnswered(page, 1);
  await shoot(tab, file("long-markdown"));

  model.answer(`rich ${size} ${colorScheme}`, { text: RICH_ANSWER, pieceSize: 40 });
  await send(page, `Explain waiting times to me (rich ${size} ${colorScheme})`);
  await waitAnswered(page, 2);
  await page.locator(".diagram[data-diagram=drawn]").waitFor();
  await shoot(tab, file("rich-end"));
  await page.locator(".diagram").scrollIntoViewIfNeeded();
  await page.locator(".formula.display").first().scrollIntoViewIfNeeded();
  await shoot(tab, file("rich"));

  model.answer(`refused ${size} ${colorScheme}`, { fail: { status: 400, message: "the model refuses" } });
  await send(page, `And what if it fails? (refused ${size} ${colorScheme})`);
  await waitStatus(page, "error");
  await shoot(tab, file("error"));
  await controls(scene, tab, file, `asks ${size} ${colorScheme}`);
  await tab.context.close();
}

/** What opens over a chat, and what waits in it. */
async function controls(
  { model }: Scene,
  tab: Tab,
  file: (name: string) => string,
  key: string,
): Promise<void> {
  const { page } = tab;
  model.answer(key, { tool: { name: "fetchPage", input: { url: "https://bridges.example/one" } } });
  await send(page, `Read about bridges (${key})`);
  await page.locator(".decision").waitFor();
  await shoot(tab, file("approval"));
  await page.locator("details.chat-panel > summary").click();
  await page.getByText("Delete this chat…").click();
  await page.getByRole("button", { name: "Delete it" }).scrollIntoViewIfNeeded();
  await shoot(tab, file("chat-settings"));
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+/");
  await page.getByRole("dialog").waitFor();
  await shoot(tab, file("shortcuts"));
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+Shift+S");
  await shoot(tab, file("list"));
  await page.goto("/settings#export");
  await shoot(tab, file("settings"));
}

/** The README's picture: a sidebar with some chats, an answer that is streaming. */
async function readmePicture({ app, model, browser }: Scene): Promise<void> {
  const tab = await openTab(browser, app.url, { viewport: SIZES.desktop });
  const { page } = tab;
  await signUp(page, { name: "Ada Lovelace", email: "ada@example.org", password: "correct horse 42" });
  for (const title of TITLES) {
    await page.goto("/chats");
    await send(page, title);
    await waitAnswered(page, 1);
  }
  await page.goto("/chats");
  const opening = "What is a durable run?";
  model.answer(opening, { text: SHORT_ANSWER });
  await send(page, opening);
  await waitAnswered(page, 1);
  await page.getByRole("link", { name: LAST_TITLE }).waitFor();
  const text = "And what happens to an answer when I reload the page?";
  const prepared = model.answer(text, { text: README_ANSWER, pieceSize: 20, holdAfter: 24 });
  await send(page, text);
  await prepared.held();
  await waitForText(page, 400);
  await composer(page).focus();
  await shoot(tab, "docs/screenshot.png");
  prepared.release();
  await tab.context.close();
}

const TITLES = ["Plan a week in Lisbon", "Why is the sky blue?", "Names for a small bakery"];

const LAST_TITLE = "Durable runs explained";

/** What a model would call the conversation. */
function titleOf(request: ChatRequest): string {
  const asked = JSON.stringify(request.messages);
  return TITLES.find((title) => asked.includes(title)) ?? LAST_TITLE;
}

async function main(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const model = await startScriptedModel(titleOf);
  const app = await startApp({ env: { OPENAI_COMPATIBLE_BASE_URL: model.baseUrl } });
  const browser = await launchBrowser();
  try {
    const scene = { app, model, browser };
    await readmePicture(scene);
    for (const size of Object.keys(SIZES)) {
      for (const colorScheme of SCHEMES) await pictures(scene, size, colorScheme);
    }
  } catch (error) {
    console.error(app.logs());
    throw error;
  } finally {
    await browser.close();
    await app.stop();
    await model.stop();
  }
}

await main();
