import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startApp, type App, type AppOptions } from "../../support/app.ts";
import { HttpUser } from "../../support/http-user.ts";
import { startScriptedModel, type ScriptedModel } from "../../support/scripted-model.ts";
import { Dice, rounds, SEED } from "./dice.ts";
import { FaultChat } from "./fault-chat.ts";
import type { TabOptions } from "./tab.ts";

interface Life {
  stop: (ms: number) => Promise<number | null>;
  startAgain: () => Promise<void>;
}

/** What one row works with. */
export class Fault {
  readonly chats: FaultChat[] = [];
  injected = 0;

  constructor(
    readonly app: App,
    readonly model: ScriptedModel,
    readonly user: HttpUser,
    readonly dice: Dice,
    private readonly life: Life,
  ) {}

  /** Sends npm start a SIGTERM; resolves with its exit code when all of it has ended. */
  stop(ms: number): Promise<number | null> {
    return this.life.stop(ms);
  }

  /** Starts the application, which has ended, on the same folder and ports. */
  startAgain(): Promise<void> {
    return this.life.startAgain();
  }

  /** A new chat with an open tab, or one that was made by other means. */
  async chat(options?: TabOptions, made?: { chatId: string; token: string }): Promise<FaultChat> {
    const chat = await FaultChat.open(this.app, this.model, this.user, options, made);
    this.chats.push(chat);
    return chat;
  }

  /** Deletes a chat: it is not read again at the end, and its run ends. */
  async forget(chat: FaultChat): Promise<void> {
    chat.tab.close();
    this.chats.splice(this.chats.indexOf(chat), 1);
    const response = await this.user.post(`/chats/${chat.chatId}`, { intent: "delete", stay: "1" });
    if (response.status !== 200) throw new Error(`the chat was not deleted: ${response.status}`);
  }

  /** The fault really happened, `times` times. */
  fired(times = 1): void {
    this.injected += times;
  }
}

type Row = (fault: Fault) => Promise<void>;
/** A row, and one more look at all chats of a file: both grow with the rounds. */
const ROW_MS = 30 * 60_000 + rounds(1) * 2 * 60_000;
const END_MS = 120_000 + rounds(1) * 30_000;

/**
 * One application, one scripted model and one user for the rows of a file. A row whose fault never happened has
 * failed. At the end every chat is read once more.
 */
export function faults(env: Record<string, string> | (() => Record<string, string>) = {}) {
  let app: App;
  let model: ScriptedModel;
  let user: HttpUser;
  const counts: string[] = [];
  const chats: FaultChat[] = [];

  const start = (on: Pick<AppOptions, "dataDir" | "ports"> = {}) => {
    const own = typeof env === "function" ? env() : env;
    // One person asks all day long when there are many rounds.
    const limits = { LIMIT_ANSWERS_PER_DAY: "0", LIMIT_TOKENS_PER_DAY: "0" };
    return startApp({ ...on, env: { OPENAI_COMPATIBLE_BASE_URL: model.baseUrl, ...limits, ...own } });
  };
  const life: Life = {
    stop: async (ms) => {
      app.process.kill("SIGTERM");
      const code = await app.ended(ms);
      await app.noneLeft();
      return code;
    },
    // Who holds the instance that has ended reads and asks through it all the same: folder and ports are the same.
    startAgain: async () => {
      const { dataDir, port, triggerPort } = app;
      app = await start({ dataDir, ports: { port, triggerPort } });
    },
  };

  beforeAll(async () => {
    model = await startScriptedModel();
    app = await start();
    user = await new HttpUser(app).signUp();
  });
  afterAll(async () => {
    try {
      const late: string[] = [];
      for (const chat of chats) late.push(...(await chat.recheck()));
      expect(late, "each chat once more, at the end").toEqual([]);
    } finally {
      await app?.stop();
      await model?.stop();
      console.log([`FAULT_SEED=${SEED}`, ...counts].join("\n"));
    }
  }, END_MS);

  const run = async (name: string, steps: Row): Promise<void> => {
    await app.healthy();
    const fault = new Fault(app, model, user, new Dice(name), life);
    try {
      await steps(fault);
      expect(fault.injected, "a row whose fault never happened proves nothing").toBeGreaterThan(0);
      chats.push(...fault.chats);
    } catch (error) {
      const file = keepLogs(name, app);
      if (error instanceof Error) error.message += `\n(FAULT_SEED=${SEED}, logs: ${file})`;
      throw error;
    } finally {
      app.letStart();
      for (const chat of fault.chats) chat.tab.close();
      counts.push(`${name}: ${fault.injected} injections fired`);
    }
  };
  return {
    row: (name: string, steps: Row) => test(name, () => run(name, steps), ROW_MS),
  };
}

function keepLogs(name: string, app: App): string {
  const file = path.join("test-results", `${name.replace(/\W+/g, "-").slice(0, 80)}.log`);
  mkdirSync("test-results", { recursive: true });
  writeFileSync(file, app.logs(400));
  return file;
}
