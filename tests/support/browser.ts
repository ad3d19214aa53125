import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { findChromium } from "./chromium.ts";

/** A page of its own browser context: its own cookies, its own user. */
export interface Tab {
  page: Page;
  context: BrowserContext;
  /** Console errors and page errors so far; a journey fails when there are any that it did not announce. */
  problems: string[];
}

export interface TabOptions {
  /** False: scripts are off. */
  scripts?: boolean;
  viewport?: { width: number; height: number };
  colorScheme?: "light" | "dark";
  /** True: no Content-Security-Policy is obeyed, so that nothing else can stand behind what is proved. */
  bypassPolicy?: boolean;
}

const STEP_MS = 20_000;

export async function launchBrowser(): Promise<Browser> {
  const { executablePath, env } = await findChromium();
  return chromium.launch({
    executablePath,
    env: { ...(process.env as Record<string, string>), ...env },
    // Without the sandbox it also runs as root and in a container; the pages that it opens are our own.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--font-render-hinting=none"],
  });
}

/** A new context with one page whose problems are collected. */
export async function openTab(browser: Browser, baseURL: string, options: TabOptions = {}): Promise<Tab> {
  const context = await browser.newContext({
    baseURL,
    javaScriptEnabled: options.scripts ?? true,
    viewport: options.viewport ?? { width: 1280, height: 800 },
    colorScheme: options.colorScheme ?? "light",
    bypassCSP: options.bypassPolicy ?? false,
  });
  context.setDefaultTimeout(STEP_MS);
  const problems: string[] = [];
  const page = await context.newPage();
  watchProblems(page, problems);
  return { page, context, problems };
}

/** One more page of the same user. */
export async function openSecondPage(tab: Tab, pathname: string): Promise<Page> {
  const page = await tab.context.newPage();
  watchProblems(page, tab.problems);
  await page.goto(pathname);
  return page;
}

/** What Chromium says where Remix gives up reading a page's data for a newer one, and nobody takes the refusal. */
const GIVEN_UP = /^(AbortError: )?BodyStreamBuffer was aborted/;

function watchProblems(page: Page, problems: string[]): void {
  page.on("pageerror", ({ message }) => {
    if (!GIVEN_UP.test(message)) problems.push(`page error: ${message}`);
  });
  page.on("console", (message) => {
    if (message.type() !== "error" || GIVEN_UP.test(message.text())) return;
    problems.push(`console error: ${message.text()} (${message.location().url})`);
  });
}
