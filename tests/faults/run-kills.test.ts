import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import type { FaultChat } from "./harness/fault-chat.ts";
import { rounds } from "./harness/dice.ts";
import { faults, type Fault } from "./harness/faults.ts";
import { holdChat, holdCursor, killRun } from "./harness/kills.ts";

const { row } = faults();

row(
  "F4: kill -9 of the run while it answers; the open tab gets the whole answer, and the partial is gone",
  async (fault) => {
    const chat = await fault.chat();
    for (let round = 0; round < rounds(3); round += 1) {
      const turn = await chat.send({ words: 40, holdAt: fault.dice.int(1, 39), asked: 2, from: 2 });
      await turn.model.held();
      await new Promise((resolve) => setTimeout(resolve, fault.dice.int(0, 60)));
      await killRun(fault.app, chat.chatId);
      await eventually(() => turn.model.asked[0]?.state === "cut", {
        what: () => "the kill missed the open turn",
      });
      fault.fired();
      await chat.settle();
    }
  },
);

row(
  "F4: with a second message waiting, the partial is kept once, not final, and the second is answered",
  async (fault) => {
    const chat = await fault.chat();
    for (let round = 0; round < rounds(2); round += 1) {
      const at = fault.dice.int(2, 39);
      const first = await chat.send({ words: 40, holdAt: at, ends: "partial" });
      await first.model.held();
      await chat.tab.untilText(first.answer.slice(0, 8));
      await chat.send({ words: 6 });
      await killRun(fault.app, chat.chatId);
      await eventually(() => first.model.asked[0]?.state === "cut", {
        what: () => "the kill missed the open turn",
      });
      fault.fired();
      await chat.settle();
    }
  },
);

/** Where a turn can be killed, each as the steps from the send to the kill. */
const POINTS: Record<string, (fault: Fault, chat: FaultChat) => Promise<void>> = {
  "before the message is written": async ({ app }, chat) => {
    const held = await holdChat(app, chat.chatId);
    await chat.send({ words: 5 });
    await held.met();
    await killRun(app, chat.chatId);
    await held.cutWaiters();
    await held.release();
  },
  "after the message is written, before the first word": async ({ app }, chat) => {
    const turn = await chat.send({ words: 5, holdAt: 0, asked: 2 });
    await turn.model.held();
    await killRun(app, chat.chatId);
    await chat.settle();
  },
  "between the turn-complete record and the save": async ({ app }, chat) => {
    const turn = await chat.send({ words: 5, holdAt: 3 });
    await turn.model.held();
    const held = await holdChat(app, chat.chatId);
    turn.model.release();
    await held.met();
    await chat.tab.untilText(turn.answer);
    await killRun(app, chat.chatId);
    await held.cutWaiters();
    await held.release();
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
    const first = await chat.send({ words: 5, holdAt: 0, asked: 2 });
    await first.model.held();
    await chat.send({ words: 4 });
    await killRun(fault.app, chat.chatId);
    fault.fired();
    await chat.settle(10_000);
  },
);

// Seen once: an empty beginning of the first answer was kept as its partial, and the page showed none.
row(
  "F5: kill -9 of the run before the first word, a second message right after it: both are answered",
  async (fault) => {
    const chat = await fault.chat();
    await chat.send({ words: 3 });
    await chat.settle();
    const first = await chat.send({ words: 5, holdAt: 0, asked: 2 });
    await first.model.held();
    await killRun(fault.app, chat.chatId);
    fault.fired();
    await chat.send({ words: 4 });
    await chat.settle(10_000);
  },
);
