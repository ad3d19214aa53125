import { setTimeout as sleep } from "node:timers/promises";
import type { App } from "../../support/app.ts";
import { eventually } from "../../support/eventually.ts";
import { HttpUser } from "../../support/http-user.ts";
import type { Script } from "../../support/model-script.ts";
import type { ScriptedModel } from "../../support/scripted-model.ts";
import { problemsOf, type CheckOptions, type FaultTurn } from "./check.ts";
import { gather } from "./evidence.ts";
import { FaultTab, type TabOptions } from "./tab.ts";

/** Letters of one word of an answer, its comma included; the model sends one word a piece. */
const WORD = 8;
/** So long may the witnesses disagree: a save follows the stream, a page reads anew. */
const AGREE_MS = 10_000;

let lastKey = 0;

/** An answer of numbered words that no other turn has, so that each lost, doubled or moved one shows. */
function newAnswer(count: number): { key: string; answer: string } {
  lastKey += 1;
  const key = `k${lastKey.toString(36).padStart(3, "0")}`;
  const words = Array.from({ length: count }, (_, at) => `${key}${String(at).padStart(3, "0")},`);
  return { key, answer: words.join("") };
}

export interface TurnPlan {
  /** The whole answer, where it is not to be of numbered words. */
  answer?: string;
  /** Words of the answer. */
  words?: number;
  /** Milliseconds before each word. */
  pace?: number;
  /** Stand still before this word, in the first try only. */
  holdAt?: number;
  ends?: FaultTurn["ends"];
  /** How often the model may be asked: at most; at least once unless `from` is 0. */
  asked?: number;
  from?: number;
  /** Added to the script of each try. */
  script?: (attempt: number) => Script;
}

/** A turn that was planned, with its handle on the model. */
export interface PlannedTurn extends FaultTurn {
  key: string;
  model: ReturnType<ScriptedModel["answer"]>;
}

/** One chat of one user with an open tab, and what has to be found of it. */
export class FaultChat {
  readonly turns: PlannedTurn[] = [];
  tab: FaultTab;
  /** See CheckOptions. */
  options: CheckOptions = {};

  private constructor(
    readonly app: App,
    readonly model: ScriptedModel,
    readonly user: HttpUser,
    readonly chatId: string,
    readonly token: string,
    tab: FaultTab,
  ) {
    this.tab = tab;
  }

  static async open(
    app: App,
    model: ScriptedModel,
    user: HttpUser,
    options: TabOptions = {},
    made?: { chatId: string; token: string },
  ): Promise<FaultChat> {
    const { chatId, token } = made ?? (await user.newChat());
    return new FaultChat(app, model, user, chatId, token, await FaultTab.open(user, chatId, options));
  }

  /** Prepares the model's answer to a message that is not sent yet. */
  plan(plan: TurnPlan = {}): PlannedTurn {
    const { key, answer: numbered } = newAnswer(plan.words ?? 40);
    const answer = plan.answer ?? numbered;
    const model = this.model.answer(key, (attempt) => ({
      text: answer,
      pieceSize: WORD,
      pieceMs: plan.pace ?? 4,
      ...(attempt === 1 && plan.holdAt !== undefined ? { holdAfter: plan.holdAt } : {}),
      ...plan.script?.(attempt),
    }));
    const asked = { from: plan.from ?? 1, to: plan.asked ?? 1 };
    const turn = { key, user: `Question ${key}`, answer, ends: plan.ends ?? "whole", asked, model };
    this.turns.push(turn);
    return turn;
  }

  /** Plans a turn and sends its message from the tab. */
  async send(plan: TurnPlan = {}): Promise<PlannedTurn> {
    const turn = this.plan(plan);
    await this.tab.chat.send(turn.user);
    return turn;
  }

  /** Leaves the page and opens it anew. */
  async reload(options: TabOptions = {}): Promise<void> {
    this.tab.close();
    this.tab = await FaultTab.open(this.user, this.chatId, options);
  }

  /** Waits until no turn is open, whether it ended well or not. */
  async closed(ms = 30_000): Promise<void> {
    await eventually(() => ["ready", "error"].includes(this.tab.chat.status), {
      ms,
      what: () => `the turn does not end, it is ${this.tab.chat.status} with\n${this.tab.text}`,
    });
  }

  async problems(tab = this.tab): Promise<string[]> {
    return problemsOf(await gather(this.app, this.model, tab), this.turns, this.options);
  }

  /** Waits until the tab rests and all witnesses agree. Throws what is wrong when they do not. */
  async settle(ms = 40_000, tab = this.tab): Promise<void> {
    const deadline = Date.now() + ms;
    await tab.until("ready", ms);
    for (const end = Math.max(deadline, Date.now() + AGREE_MS); ; await sleep(100)) {
      const problems = await this.problems(tab);
      if (problems.length === 0) return;
      if (Date.now() > Math.min(end, deadline + AGREE_MS)) throw new Error(report(this.chatId, problems));
    }
  }

  /** After some time, and as a fresh page reads it: nothing has come twice, nothing has gone. */
  async recheck(): Promise<string[]> {
    await this.reload();
    await this.tab.until("ready", AGREE_MS).catch(() => undefined);
    const problems = await this.problems();
    this.tab.close();
    return problems.length === 0 ? [] : [report(this.chatId, problems)];
  }
}

const report = (chatId: string, problems: string[]): string => `chat ${chatId}:\n  ${problems.join("\n  ")}`;
