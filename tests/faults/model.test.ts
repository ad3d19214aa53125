import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import type { Script } from "../support/model-script.ts";
import { rounds } from "./harness/dice.ts";
import type { FaultChat, TurnPlan } from "./harness/fault-chat.ts";
import { faults } from "./harness/faults.ts";

const { row } = faults({
  // What is too long for a model is not what this is about.
  CONTEXT_TOKENS: "100000000",
  MODEL_SILENCE_SECONDS: "6",
  MODEL_ANSWER_SECONDS: "12",
});

/** What a model does, as the plan of its turn, and the sentence that is shown. */
type Bad = [name: string, plan: TurnPlan, sentence: RegExp];

/**
 * Sends, waits until the failed turn has ended, and sees its sentence on the page and after a reload, what was kept
 * of the answer bounded, and the model let go.
 */
async function failed(chat: FaultChat, plan: TurnPlan, sentence: RegExp): Promise<void> {
  const turn = await chat.send({ words: 10, ends: "failed", ...plan });
  await chat.closed();
  const parts = () => JSON.stringify(chat.tab.chat.messages.at(-1)?.parts);
  expect(parts(), "in the open tab").toMatch(sentence);
  await chat.reload();
  // The save follows the stream; until then the page plays the turn once more.
  await eventually(() => sentence.test(parts()), { what: () => `after a reload: ${parts()}` });
  expect(parts().length).toBeLessThan(MOST_KEPT);
  await eventually(
    () => turn.model.asked.length > 0 && turn.model.asked.every(({ state }) => state !== "open"),
    {
      what: () => "the model is still listened to",
    },
  );
}

/** Two million characters, a call's input as it came and as it was read, and some for the other parts. */
const MOST_KEPT = 4_010_000;
const MILLION = 1_000_000;
const scripted = (script: Script): TurnPlan => ({ script: () => script });
const letters = (count: number): string => "x".repeat(count);

const FAULTS: Bad[] = [
  ["refuses the request", scripted({ fail: { status: 400, message: "scripted" } }), /refused the request/],
  [
    "takes no more requests",
    { ...scripted({ fail: { status: 429, message: "scripted" } }), asked: 2 },
    /rate limit/,
  ],
  [
    "has a fault of its own",
    { ...scripted({ fail: { status: 500, message: "scripted" } }), asked: 2 },
    /has a fault/,
  ],
  [
    "cuts the connection before its answer",
    { ...scripted({ cutAfter: 0 }), asked: 2 },
    /broke the connection/,
  ],
  ["cuts the connection in mid-answer", scripted({ cutAfter: 4 }), /broke the connection/],
  [
    "tells of a fault in mid-answer",
    scripted({ raw: `data: {"error":{"message":"scripted"}}\n\n` }),
    /failed in the middle/,
  ],
  ["says what nobody can read", scripted({ raw: "data: {what\n\n" }), /failed in the middle/],
  ["answers nothing", { answer: "" }, /answered nothing/],
  ["never ends", scripted({ neverEnds: true }), /stopped answering/],
  ["never begins", { answer: "", ...scripted({ neverEnds: true }) }, /stopped answering/],
  ["answers slowly and for ever", { words: 100, pace: 200 }, /took too long/],
  [
    "answers without end",
    { answer: letters(4 * MILLION), pace: 0, ...scripted({ pieceSize: 50_000, neverEnds: true }) },
    /grew too long/,
  ],
  [
    "sends a delta of 10 MB",
    { answer: letters(10 * MILLION), ...scripted({ pieceSize: 10 * MILLION }) },
    /grew too long/,
  ],
  [
    "sends a line of 20 MB",
    { answer: letters(20 * MILLION), ...scripted({ pieceSize: 20 * MILLION }) },
    /grew too long/,
  ],
  [
    "calls a tool with 1.5 MB",
    scripted({ tool: { name: "calculate", input: { expression: letters(1.5 * MILLION) } } }),
    /grew too long/,
  ],
];

for (const [name, plan, sentence] of FAULTS) {
  row(`F23: a model that ${name}: it is shown and kept, and the next turn works`, async (fault) => {
    for (let round = 0; round < rounds(1); round += 1) {
      // One chat a round: two million characters of each answer are kept.
      const chat = await fault.chat();
      await failed(chat, plan, sentence);
      fault.fired();
      await chat.send({ words: 3 });
      await chat.settle();
      if (round > 0) await fault.forget(chat);
    }
  });
}

row("F23: a message that waits behind a turn that never ends is answered in its time", async (fault) => {
  const chat = await fault.chat();
  const first = await chat.send({ words: 6, ends: "failed", script: () => ({ neverEnds: true }) });
  await chat.tab.untilText(first.answer.slice(0, 8));
  fault.fired();
  await chat.send({ words: 3 });
  await chat.settle();
});

row("F23: a turn that was given up can be retried", async (fault) => {
  const chat = await fault.chat();
  const turn = await chat.send({
    words: 6,
    asked: 2,
    from: 2,
    script: (attempt) => (attempt === 1 ? { neverEnds: true } : {}),
  });
  await chat.closed();
  fault.fired();
  await chat.tab.chat.retry();
  await chat.tab.untilText(turn.answer);
  await chat.tab.until("ready");
  expect(turn.model.asked.map(({ state }) => state)).toEqual(["cut", "done"]);
  await chat.send({ words: 3 });
  await chat.tab.until("ready");
  await fault.forget(chat);
});
