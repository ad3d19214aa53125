import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import type { Part } from "../support/app.ts";
import { isAlive } from "../support/process-list.ts";
import { rounds } from "./harness/dice.ts";
import { gather } from "./harness/evidence.ts";
import { faults } from "./harness/faults.ts";
import { killPart } from "./harness/kills.ts";

const { row } = faults();
const PARTS: Part[] = ["postgres", "local-trigger", "worker", "web"];

row(
  "F7: kill -9 of the worker host in an answer that nothing waits behind: it is answered anew, whole",
  async (fault) => {
    const chat = await fault.chat();
    for (let round = 0; round < rounds(2); round += 1) {
      const turn = await chat.send({ words: 30, holdAt: fault.dice.int(1, 29), from: 2, asked: 2 });
      await turn.model.held();
      await killPart(fault.app, "worker");
      await eventually(() => turn.model.asked[0]?.state === "cut", {
        what: () => "the kill missed the open turn",
      });
      fault.fired();
      turn.model.release();
      await chat.settle(60_000);
    }
  },
);

row(
  "F7: kill -9 of the worker host with a message waiting: what was said stays as a partial, and the message is answered",
  async (fault) => {
    const chat = await fault.chat();
    for (let round = 0; round < rounds(2); round += 1) {
      const said = fault.dice.int(1, 29);
      const turn = await chat.send({ words: 30, holdAt: said, ends: "partial" });
      await turn.model.held();
      await chat.tab.untilText(turn.answer.slice(0, 8 * said));
      await chat.send({ words: 5 });
      await killPart(fault.app, "worker");
      await eventually(() => turn.model.asked[0]?.state === "cut", {
        what: () => "the kill missed the open turn",
      });
      fault.fired();
      turn.model.release();
      await chat.settle(60_000);
      const kept = (await gather(fault.app, fault.model, chat.tab)).rows.at(-3);
      expect(kept, "all that the page had shown stays").toMatchObject({
        role: "assistant",
        text: turn.answer.slice(0, 8 * said),
        final: false,
      });
    }
  },
);

row(
  "F9: kill -9 of everything at once, started again in any order: all that was acknowledged is there",
  async (fault) => {
    const chat = await fault.chat();
    chat.options = { repeats: true };
    for (let round = 0; round < rounds(2); round += 1) {
      // Nothing waits behind it, so it is answered anew.
      const said = fault.dice.int(0, 59);
      const turn = await chat.send({ words: 60, holdAt: said, from: 2, asked: 2 });
      await turn.model.held();
      if (said > 0) await chat.tab.untilText(turn.answer.slice(0, 8 * fault.dice.int(1, said)));
      const runs = [...fault.app.runPids().values()];
      const back = fault.dice.shuffled(PARTS).map((part) => fault.app.keepDown(part));
      for (const pid of runs) if (isAlive(pid)) process.kill(pid, "SIGKILL");
      const isDown = (part: Part) => {
        const pid = fault.app.pid(part);
        return pid === null || !isAlive(pid);
      };
      await eventually(() => PARTS.every(isDown), { what: () => "a part outlives kill -9" });
      await eventually(() => turn.model.asked[0]?.state === "cut", {
        what: () => "the kill missed the open turn",
      });
      for (const start of fault.dice.shuffled(back)) {
        start();
        await sleep(fault.dice.int(0, 1000));
      }
      turn.model.release();
      await fault.app.healthy();
      await chat.settle(90_000);
      fault.fired();
    }
  },
);
