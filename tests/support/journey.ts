import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startApp, type App } from "./app.ts";
import { launchBrowser, openTab, type Tab, type TabOptions } from "./browser.ts";
import { checkChat, type ExpectedTurn } from "./checker.ts";
import { signUp } from "./page.ts";
import { startScriptedModel, type ScriptedModel } from "./scripted-model.ts";

/** What a journey works with. */
export class Journey {
  readonly app: App;
  readonly model: ScriptedModel;
  readonly tabs: Tab[] = [];
  /** Problems in the console that belong to the fault that the journey causes. */
  readonly expectedProblems: RegExp[] = [];
  private readonly browser: Browser;

  constructor(app: App, model: ScriptedModel, browser: Browser) {
    this.app = app;
    this.model = model;
    this.browser = browser;
  }

  /** A fresh browser context, signed out. */
  open = async (options?: TabOptions): Promise<Tab> => {
    const tab = await openTab(this.browser, this.app.url, options);
    this.tabs.push(tab);
    return tab;
  };

  /** A fresh browser context with an account of its own, on the new-chat page. */
  signedUp = async (options?: TabOptions): Promise<Tab> => {
    const tab = await this.open(options);
    await signUp(tab.page);
    return tab;
  };

  /** See `checkChat`. */
  check = (chatId: string, turns: ExpectedTurn[], page?: Page): Promise<void> =>
    checkChat({ app: this.app, model: this.model, page }, chatId, turns);

  /** The problems of all tabs that were not announced. */
  problems(): string[] {
    const all = this.tabs.flatMap((tab) => tab.problems);
    return all.filter((problem) => !this.expectedProblems.some((pattern) => pattern.test(problem)));
  }

  /** Leaves the application whole for the next journey. */
  async close(): Promise<void> {
    this.app.letStart();
    for (const tab of this.tabs) await tab.context.close();
  }

  /** Keeps a picture of every page, its HTML and the logs, for whoever has to find out what went wrong. */
  async keepEvidence(name: string): Promise<string> {
    const folder = path.resolve("test-results", name.replace(/\W+/g, "-").slice(0, 80));
    mkdirSync(folder, { recursive: true });
    for (const [index, { page }] of this.tabs.entries()) {
      await page.screenshot({ path: path.join(folder, `tab-${index}.png`) }).catch(() => undefined);
      await page.content().then(
        (html) => writeFileSync(path.join(folder, `tab-${index}.html`), html),
        () => undefined,
      );
    }
    const problems = this.tabs.flatMap((tab) => tab.problems).join("\n");
    writeFileSync(path.join(folder, "logs.txt"), `${problems}\n${this.app.logs(400)}`);
    return folder;
  }
}

type Variables = Record<string, string>;

/** Starts one application, one scripted model and one browser for the journeys of a file. */
export function journeys(env: Variables | (() => Promise<Variables>) = {}): {
  journey: (name: string, run: (journey: Journey) => Promise<void>) => void;
} {
  let model: ScriptedModel;
  let app: App;
  let browser: Browser;

  beforeAll(async () => {
    model = await startScriptedModel();
    const more = typeof env === "function" ? await env() : env;
    app = await startApp({ env: { OPENAI_COMPATIBLE_BASE_URL: model.baseUrl, ...more } });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    await model?.stop();
  });

  const run = async (name: string, steps: (journey: Journey) => Promise<void>): Promise<void> => {
    const journey = new Journey(app, model, browser);
    await app.healthy();
    try {
      await steps(journey);
      expect(journey.problems(), "problems in the browser's console").toEqual([]);
    } catch (error) {
      const folder = await journey.keepEvidence(name);
      if (error instanceof Error) error.message += `\n(evidence: ${path.relative(process.cwd(), folder)})`;
      throw error;
    } finally {
      await journey.close();
    }
  };
  return {
    journey(name, steps) {
      test(name, () => run(name, steps));
    },
  };
}
