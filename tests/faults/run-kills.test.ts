import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import type { FaultChat, PlannedTurn, TurnPlan } from "./harness/fault-chat.ts";
import { rounds } from "./harness/dice.ts";
import { faults, type Fault } from "./harness/faults.ts";
import { killBeforeSave } from "./harness/kill-before-save.ts";
import { holdChat, holdCursor, holdWrite, killRun } from "./harness/kills.ts";

const { row } = faults();

type Part = { type: string; text?: string; state?: string };

const hasText = (parts: Part[]): boolean => parts.some(({ type, text }) => type === "text" && text !== "");

/** Where an answer can be cut, each as the plan of its turn; the model stands still there once. */
const CUTS: Record<string, (fault: Fault) => TurnPlan & { shows: (parts: Part[]) => boolean }> = {
  "before its first chunk": () => ({ holdAt: 0, shows: () => true }),
  "in its text": ({ dice }) => ({
    holdAt: dice.int(1, 39),
    shows: hasText,
  }),
  "between its thoughts and its text": () => ({
    holdAt: 0,
    script: () => ({ reasoning: "Let me think about it." }),
    shows: (parts) => parts.some(({ type }) => type === "reasoning"),
  }),
  "between a tool call and its text": () => ({
    // Without `holdAt`: the second request of the first try is the one with the text.
    script: (attempt) => ({
      tool: { name: "currentTime", input: {} },
      ...(attempt === 2 ? { holdAfter: 0 } : {}),
    }),
    from: 2,
    asked: 4,
    // Before its result is there, nothing was said that would be kept.
    shows: (parts) =>
      parts.some(({ type, state }) => type === "tool-currentTime" && state === "output-available"),
  }),
  "at its last word": () => ({
    holdAt: 40,
    shows: hasText,
  }),
};

/** The ids of the chat's answers that tell that their run was lost. */
async function recoveredAnswers({ app, chatId }: FaultChat): Promise<string[]> {
  const rows = await app.query<{ id: string }>(
    `SELECT id FROM "Message" WHERE "chatId" = $1 AND message #>> '{metadata,recovered}' = 'true'`,
    [chatId],
  );
  return rows.map(({ id }) => id);
}

for (const [place, plan] of Object.entries(CUTS)) {
  /** Sends, and waits until the model stands still at the place and the open tab shows what there is. */
  const sendUntil = async (fault: Fault, chat: FaultChat, more: TurnPlan): Promise<PlannedTurn> => {
    const { shows, ...planned } = plan(fault);
    const before = new Set(chat.tab.chat.messages.map(({ id }) => id));
    const turn = await chat.send({ words: 40, asked: 2, ...planned, ...more });
    await turn.model.held();
    const answer = () =>
      chat.tab.chat.messages.findLast(({ id, role }) => role === "assistant" && !before.has(id));
    await eventually(() => shows(answer()?.parts ?? []), {
      what: () => `the tab does not show the beginning\n${chat.tab.text}`,
    });
    return turn;
  };
  const wasCut = (turn: PlannedTurn) =>
    eventually(() => turn.model.asked.some(({ state }) => state === "cut"), {
      what: () => "the kill missed the open turn",
    });

  row(
    `F4: kill -9 of the run, the answer cut ${place}: the open tab gets it whole, and the partial is gone`,
    async (fault) => {
      const chat = await fault.chat();
      for (let round = 0; round < rounds(2); round += 1) {
        const turn = await sendUntil(fault, chat, {});
        await sleep(fault.dice.int(0, 60));
        await killRun(fault.app, chat.chatId);
        await wasCut(turn);
        fault.fired();
        await chat.settle();
        // Before its first chunk nothing need tell that it had begun.
        if (place !== "before its first chunk")
          expect((await recoveredAnswers(chat)).length, "answers that say so").toBe(round + 1);
        const asked = turn.model.asked.filter(({ state }) => state === "done").at(-1);
        expect(asked?.sent, "the answer on the screen is the last one").toBe(turn.answer);
      }
    },
  );

  row(
    `F4: the same with a second message waiting, the answer cut ${place}: what was begun is kept once, not final`,
    async (fault) => {
      const chat = await fault.chat();
      const begun = place !== "before its first chunk";
      for (let round = 0; round < rounds(1); round += 1) {
        const turn = await sendUntil(fault, chat, { ends: begun ? "partial" : "whole" });
        await chat.send({ words: 6 });
        await killRun(fault.app, chat.chatId);
        await wasCut(turn);
        fault.fired();
        await chat.settle();
        if (begun) expect((await recoveredAnswers(chat)).length, "answers that say so").toBe(round + 1);
      }
    },
  );
}

/** Where a turn can be killed, each as the steps from the send to the kill; what stays unanswered is answered without another send. */
const POINTS: Record<string, (fault: Fault, chat: FaultChat) => Promise<void>> = {
  "in onBoot, as it names the run": async ({ app }, chat) => {
    // The run that waits goes first: the next message starts another.
    await killRun(app, chat.chatId);
    const held = await holdWrite(app, chat.chatId, {
      table: "ChatSession",
      where: `NEW."runId" IS DISTINCT FROM OLD."runId"`,
    });
    await chat.send({ words: 5 });
    await held.met();
    await killRun(app, chat.chatId);
    await held.release();
    await chat.settle();
  },
  "as its turn is counted": async ({ app }, chat) => {
    const held = await holdWrite(app, chat.chatId, { table: "Turn", on: "INSERT", where: "true" });
    await chat.send({ words: 5 });
    await held.met();
    await killRun(app, chat.chatId);
    await held.release();
    await chat.settle();
  },
  "as the end of its turn is counted": async ({ app }, chat) => {
    const turn = await chat.send({ words: 5, holdAt: 3 });
    await turn.model.held();
    const where = `NEW."endedAt" IS NOT NULL`;
    const held = await holdWrite(app, chat.chatId, { table: "Turn", where });
    turn.model.release();
    await held.met();
    await chat.tab.untilText(turn.answer);
    await killRun(app, chat.chatId);
    await held.release();
  },
  "before the message is written": async ({ app }, chat) => {
    const held = await holdChat(app, chat.chatId);
    await chat.send({ words: 5 });
    await held.met();
    await killRun(app, chat.chatId);
    await held.cutWaiters();
    await held.release();
    await chat.settle();
  },
  "after the message is written, before the first word": async ({ app }, chat) => {
    const turn = await chat.send({ words: 5, holdAt: 0, asked: 2 });
    await turn.model.held();
    await killRun(app, chat.chatId);
    await chat.settle();
  },
  "between the turn-complete record and the save": async (_fault, chat) => {
    const turn = await chat.send({ words: 5, holdAt: 3 });
    await turn.model.held();
    await killBeforeSave(chat, turn);
  },
  "between the save of the answer and the save of the input's cursor": async ({ app }, chat) => {
    const held = await holdCursor(app, chat.chatId);
    await chat.send({ words: 5 });
    await held.met();
    await killRun(app, chat.chatId);
    await held.release();
  },
  "after the last save": async ({ app }, chat) => {
    await chat.send({ words: 5 });
    await chat.settle();
    await killRun(app, chat.chatId);
  },
};

for (const [point, kill] of Object.entries(POINTS)) {
  row(`F5: kill -9 of the run ${point}: one row, one end, one answer`, async (fault) => {
    const chat = await fault.chat();
    for (let round = 0; round < rounds(1); round += 1) {
      // A turn before it, so that there is a history and a cursor to go wrong.
      await chat.send({ words: 3 });
      await chat.settle();
      await kill(fault, chat);
      fault.fired();
      // What a killed run leaves unsaved is made good by the next one, at the latest with the next message.
      await chat.send({ words: 4 });
      await chat.settle();
    }
    expect(chat.turns.length).toBe(rounds(1) * 3);
  });
}

row(
  "F5: kill -9 of the run before the first word, with a second message waiting: both are answered",
  async (fault) => {
    const chat = await fault.chat();
    for (let round = 0; round < rounds(1); round += 1) {
      const first = await chat.send({ words: 5, holdAt: 0, asked: 2 });
      await first.model.held();
      await chat.send({ words: 4 });
      await killRun(fault.app, chat.chatId);
      fault.fired();
      await chat.settle();
    }
  },
);

// Seen once: an empty beginning of the first answer was kept as its partial, and the page showed none.
row(
  "F5: kill -9 of the run before the first word, a second message right after it: both are answered",
  async (fault) => {
    const chat = await fault.chat();
    await chat.send({ words: 3 });
    await chat.settle();
    for (let round = 0; round < rounds(1); round += 1) {
      const first = await chat.send({ words: 5, holdAt: 0, asked: 2 });
      await first.model.held();
      await killRun(fault.app, chat.chatId);
      fault.fired();
      await chat.send({ words: 4 });
      await chat.settle();
    }
  },
);
