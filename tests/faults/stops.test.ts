import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import { rounds } from "./harness/dice.ts";
import { faults } from "./harness/faults.ts";

const { row } = faults();
/** Postgres alone may take its time on a busy machine. */
const STOPPED_MS = 60_000;

row(
  "SIGTERM of npm start in mid-answer: it ends by itself, and after the next start the answer is there, once",
  async (fault) => {
    for (let round = 0; round < rounds(2); round += 1) {
      const chat = await fault.chat();
      const turn = await chat.send({ words: 40, holdAt: fault.dice.int(0, 40), from: 2, asked: 2 });
      await turn.model.held();
      const stopped = await fault.stop(STOPPED_MS);
      await eventually(() => turn.model.asked[0]?.state === "cut", {
        what: () => "the stop missed the open turn",
      });
      expect(stopped, "the exit code of npm start").toBe(0);
      turn.model.release();
      fault.fired();
      await fault.startAgain();
      await chat.settle(90_000);
      await chat.send({ words: 3 });
      await chat.settle();
    }
  },
);

row(
  "SIGTERM of npm start while the answer comes to its end: it is there once, from before the stop or from after it",
  async (fault) => {
    const slowest = 150;
    // Over before the runs are told to end, still going on then, and whatever comes.
    for (const pace of [
      2,
      slowest,
      ...Array.from({ length: rounds(1) - 1 }, () => fault.dice.int(2, slowest)),
    ]) {
      const chat = await fault.chat();
      const turn = await chat.send({ words: 40, holdAt: fault.dice.int(1, 5), pace, asked: 2 });
      await turn.model.held();
      const stopping = fault.stop(STOPPED_MS);
      turn.model.release();
      expect(await stopping).toBe(0);
      fault.fired();
      await fault.startAgain();
      await chat.settle(90_000);
    }
  },
);
