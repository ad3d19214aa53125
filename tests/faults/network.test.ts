import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { signToken } from "#local-trigger/wire/tokens.ts";
import type { App } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { startBufferingProxy } from "./harness/buffering-proxy.ts";
import { rounds } from "./harness/dice.ts";
import { gather } from "./harness/evidence.ts";
import { faults, type Fault } from "./harness/faults.ts";
import { startFaultyProxy } from "./harness/faulty-proxy.ts";

const { row } = faults();

row("F10: Postgres is away for 10 s in mid-turn: the turn completes, written once", async (fault) => {
  const chat = await fault.chat();
  chat.options = { repeats: true };
  for (let round = 0; round < rounds(1); round += 1) {
    const said = fault.dice.int(1, 59);
    const turn = await chat.send({ words: 60, holdAt: said });
    await turn.model.held();
    await chat.tab.untilText(turn.answer.slice(0, 8 * said));
    const rows = async () => (await gather(fault.app, fault.model, chat.tab)).rows.map(({ text }) => text);
    expect(await rows(), "the answer is not stored yet").not.toContain(turn.answer);
    const gone = fault.app.pid("postgres") ?? 0;
    const back = fault.app.keepDown("postgres");
    // The rest of the answer, its end and its save all come while nothing can be written.
    turn.model.release();
    await eventually(() => turn.model.asked[0]?.state === "done", {
      what: () => "the model does not get on",
      ms: 30_000,
    });
    await sleep(10_000);
    expect(chat.tab.chat.status, "the turn is open").toBe("streaming");
    expect(fault.app.pid("postgres") ?? gone, "Postgres was away all the time").toBe(gone);
    back();
    await fault.app.healthy();
    await chat.settle(90_000);
    fault.fired();
  }
  await chat.send({ words: 3 });
  await chat.settle();
});

type Proxy = Awaited<ReturnType<typeof startFaultyProxy>>;

/** Cuts the network in the middle of an answer, for `ms`, and sees the tab come back to it. */
async function away(
  fault: Fault,
  chat: Awaited<ReturnType<Fault["chat"]>>,
  proxy: Proxy,
  how: "cut" | "silent",
  ms: number,
  healing?: Parameters<Proxy["heal"]>[0],
): Promise<void> {
  const turn = await chat.send({ words: 60, pace: 20, holdAt: 55 });
  await chat.tab.untilText(turn.answer.slice(0, 8 * fault.dice.int(1, 30)));
  const met = proxy.fault(how);
  await turn.model.held();
  await sleep(ms);
  expect(turn.model.asked[0]?.state, "the turn is open").toBe("open");
  expect(chat.tab.text, "the fault was met").not.toContain(turn.answer.slice(0, 8 * 55));
  proxy.heal(healing);
  // The turn is still open: what was missed can come from the stream alone.
  await chat.tab.untilText(turn.answer.slice(0, 8 * 55), 60_000);
  turn.model.release();
  await chat.settle(60_000);
  fault.fired(met);
}

row(
  "F13: the network is cut, or stands still without a word, for 5 s: the tab reads on where it stopped",
  async (fault) => {
    const proxy = await startFaultyProxy(fault.app.triggerPort);
    try {
      const chat = await fault.chat({ triggerUrl: proxy.url, silenceMs: 2000 });
      for (const how of ["cut", "silent"] as const)
        for (let round = 0; round < rounds(1); round += 1) await away(fault, chat, proxy, how, 5000);
    } finally {
      proxy.stop();
    }
  },
);

const IS_LONG = rounds(1) >= 50;
const [AWAY, AWAY_MS] = IS_LONG ? ["5 min", 300_000] : ["10 s", 10_000];

row(
  `F13: the network stands still for ${AWAY}, and connections are half open when it is back: the tab reads on`,
  async (fault) => {
    const proxy = await startFaultyProxy(fault.app.triggerPort);
    try {
      const chat = await fault.chat({ triggerUrl: proxy.url, ...(IS_LONG ? {} : { silenceMs: 5000 }) });
      for (let round = 0; round < rounds(1); round += 1) {
        // The connections that it left half open stay so; new ones work.
        const ms = round === 0 ? AWAY_MS : fault.dice.int(1, 10) * 1000;
        await away(fault, chat, proxy, "silent", ms, { leaveHalfOpen: true });
      }
    } finally {
      proxy.stop();
    }
  },
);

row(
  "F14: a proxy that cuts every connection after a moment: the answer still arrives whole",
  async (fault) => {
    const proxy = await startFaultyProxy(fault.app.triggerPort, 1000);
    try {
      const chat = await fault.chat({ triggerUrl: proxy.url });
      const turn = await chat.send({ words: 80, pace: 25, holdAt: 75 });
      await chat.tab.untilText(turn.answer.slice(0, 8 * 75));
      turn.model.release();
      await chat.settle(60_000);
      fault.fired(proxy.cuts());
    } finally {
      proxy.stop();
    }
  },
);

row(
  "F14: a proxy that holds every answer back until it is complete: the answer still arrives whole",
  async (fault) => {
    const proxy = await startBufferingProxy(fault.app.triggerPort);
    try {
      const chat = await fault.chat({ triggerUrl: proxy.url, silenceMs: 5000 });
      for (let turn = 0; turn < 2; turn += 1) {
        await chat.send({ words: 80, pace: 25 });
        await chat.settle(60_000);
      }
      fault.fired(proxy.held());
    } finally {
      proxy.stop();
    }
  },
);

/** A token of this chat that is valid for so many seconds more. */
const tokenFor = (app: App, chatId: string, seconds: number): Promise<string> => {
  const key = readFileSync(path.join(app.dataDir, "trigger-secret-key"), "utf8").trim();
  return signToken(key, [`read:sessions:${chatId}`, `write:sessions:${chatId}`], seconds);
};

row(
  "F19: a token that expired, at the append or on resume, is renewed once and without a word",
  async (fault) => {
    const chat = await fault.chat();
    for (const moment of ["append", "resume"] as const) {
      const token = await tokenFor(fault.app, chat.chatId, -3600);
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

row(
  "F19: a token that expires while the answer streams is renewed once: its connection ends with it",
  async (fault) => {
    const proxy = await startFaultyProxy(fault.app.triggerPort);
    try {
      const chat = await fault.chat({ triggerUrl: proxy.url });
      for (let round = 0; round < rounds(1); round += 1) {
        const turn = await chat.send({ words: 40, holdAt: fault.dice.int(1, 39) });
        await turn.model.held();
        const token = await tokenFor(fault.app, chat.chatId, 1);
        await chat.reload({ triggerUrl: proxy.url, token });
        await chat.tab.untilText(turn.answer.slice(0, 8));
        expect(chat.tab.renewed).toBe(0);
        const hasExpired = async () => (await readWith(fault.app, chat.chatId, token)) === 401;
        await eventually(hasExpired, { what: () => "the token does not expire", everyMs: 500 });
        await eventually(() => chat.tab.renewed === 1, {
          what: () => "the token is not renewed",
          ms: 30_000,
        });
        fault.fired(proxy.fault("cut"));
        proxy.heal();
        turn.model.release();
        await chat.settle();
        expect(chat.tab.renewed, "tokens that were asked for").toBe(1);
      }
    } finally {
      proxy.stop();
    }
  },
);

/** The status that a reader with this token gets. */
async function readWith(app: App, chatId: string, token: string): Promise<number> {
  const url = `${app.triggerUrl}/realtime/v1/sessions/${chatId}/out/records?afterEventId=999999`;
  return (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status;
}
