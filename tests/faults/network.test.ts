import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { signToken } from "#local-trigger/wire/tokens.ts";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { App } from "../support/app.ts";
import { rounds } from "./harness/dice.ts";
import { faults } from "./harness/faults.ts";
import { startFaultyProxy } from "./harness/faulty-proxy.ts";

const { row } = faults();

row("F10: Postgres is away for 10 s in mid-turn: the turn completes, written once", async (fault) => {
  const chat = await fault.chat();
  chat.options = { repeats: true };
  const turn = await chat.send({ words: 60, pace: 40, asked: 2 });
  await chat.tab.untilText(turn.answer.slice(0, 8 * fault.dice.int(1, 40)));
  const back = fault.app.keepDown("postgres");
  fault.fired();
  await sleep(10_000);
  back();
  await fault.app.healthy();
  await chat.settle(90_000);
  await chat.send({ words: 3 });
  await chat.settle();
});

row(
  "F13: the network is cut, or stands still without a word: the tab reads on where it stopped",
  async (fault) => {
    const proxy = await startFaultyProxy(fault.app.triggerPort);
    try {
      const chat = await fault.chat({ triggerUrl: proxy.url, silenceMs: 2000 });
      for (const how of ["cut", "silent"] as const) {
        for (let round = 0; round < rounds(1); round += 1) {
          const turn = await chat.send({ words: 60, pace: 20 });
          await chat.tab.untilText(turn.answer.slice(0, 8 * fault.dice.int(1, 40)));
          fault.fired(proxy.fault(how));
          await sleep(3000);
          proxy.heal();
          await chat.settle(40_000);
        }
      }
    } finally {
      proxy.stop();
    }
  },
);

row(
  "F14: a proxy that cuts every connection after a moment: the answer still arrives whole",
  async (fault) => {
    const proxy = await startFaultyProxy(fault.app.triggerPort, 400);
    try {
      const chat = await fault.chat({ triggerUrl: proxy.url });
      await chat.send({ words: 80, pace: 25 });
      await chat.settle(60_000);
      fault.fired(proxy.cuts());
    } finally {
      proxy.stop();
    }
  },
);

const expired = (app: App, chatId: string): Promise<string> => {
  const key = readFileSync(path.join(app.dataDir, "trigger-secret-key"), "utf8").trim();
  return signToken(key, [`read:sessions:${chatId}`, `write:sessions:${chatId}`], -3600);
};

row(
  "F19: a token that expired, at the append or on resume, is renewed once and without a word",
  async (fault) => {
    const chat = await fault.chat();
    for (const moment of ["append", "resume"] as const) {
      const token = await expired(fault.app, chat.chatId);
      if (moment === "append") {
        await chat.reload({ token });
        await chat.send({ words: 10 });
      } else {
        const turn = await chat.send({ words: 40, holdAt: 10 });
        await turn.model.held();
        await chat.reload({ token });
        turn.model.release();
      }
      await chat.settle();
      expect(chat.tab.renewed, `tokens that were asked for at ${moment}`).toBe(1);
      fault.fired();
    }
  },
);
