import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../support/eventually.ts";
import type { Part } from "../support/app.ts";
import { isAlive } from "../support/process-list.ts";
import { rounds } from "./harness/dice.ts";
import { faults } from "./harness/faults.ts";
import { killPart } from "./harness/kills.ts";

const { row } = faults();
const PARTS: Part[] = ["postgres", "local-trigger", "worker", "web"];

row(
  "F7: kill -9 of the worker host: what is open and what is queued is answered when it is back",
  async (fault) => {
    const chat = await fault.chat();
    for (let round = 0; round < rounds(2); round += 1) {
      const turn = await chat.send({ words: 30, holdAt: fault.dice.int(1, 29), asked: 2, ends: "any" });
      await turn.model.held();
      await chat.send({ words: 5, asked: 2 });
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
  "F9: kill -9 of everything at once, started again in any order: all that was acknowledged is there",
  async (fault) => {
    const chat = await fault.chat();
    chat.options = { repeats: true };
    for (let round = 0; round < rounds(1); round += 1) {
      const turn = await chat.send({ words: 60, pace: 25, asked: 2 });
      await sleep(fault.dice.int(0, 1200));
      const runs = [...fault.app.runPids().values()];
      const back = fault.dice.shuffled(PARTS).map((part) => fault.app.keepDown(part));
      for (const pid of runs) if (isAlive(pid)) process.kill(pid, "SIGKILL");
      const isDown = (part: Part) => {
        const pid = fault.app.pid(part);
        return pid === null || !isAlive(pid);
      };
      await eventually(() => PARTS.every(isDown), { what: () => "a part outlives kill -9" });
      fault.fired(PARTS.length);
      for (const start of fault.dice.shuffled(back)) {
        start();
        await sleep(fault.dice.int(0, 500));
      }
      await fault.app.healthy();
      turn.model.release();
      await chat.settle(90_000);
    }
  },
);
