import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import type { Script } from "../support/model-script.ts";
import { rounds } from "./harness/dice.ts";
import type { FaultChat } from "./harness/fault-chat.ts";
import { faults } from "./harness/faults.ts";

const { row } = faults({ MODEL_SILENCE_SECONDS: "8" });

/** Sends, waits until the failed turn has ended, and sees its sentence on the page and after a reload. */
async function failed(chat: FaultChat, script: Script, sentence: RegExp, asked = 1): Promise<void> {
  const turn = await chat.send({ words: 10, ends: "failed", asked, script: () => script });
  await chat.closed();
  const parts = () => JSON.stringify(chat.tab.chat.messages.at(-1)?.parts);
  expect(parts(), "in the open tab").toMatch(sentence);
  await chat.reload();
  // The save follows the stream; until then the page plays the turn once more.
  await eventually(() => sentence.test(parts()), { what: () => `after a reload: ${parts()}` });
  expect(turn.model.asked.length).toBeGreaterThan(0);
}

const FAULTS: [string, Script, RegExp, number?][] = [
  ["refuses the request", { fail: { status: 400, message: "scripted" } }, /refused the request/],
  ["takes no more requests", { fail: { status: 429, message: "scripted" } }, /rate limit/, 2],
  ["has a fault of its own", { fail: { status: 500, message: "scripted" } }, /has a fault/, 2],
  ["cuts the connection before its answer", { cutAfter: 0 }, /broke the connection/, 2],
  ["cuts the connection in mid-answer", { cutAfter: 4 }, /broke the connection/],
  ["answers nothing", { text: "" }, /answered nothing/],
  ["never ends", { neverEnds: true }, /stopped answering/],
  ["never begins", { text: "", neverEnds: true }, /stopped answering/],
];

for (const [name, script, sentence, asked] of FAULTS) {
  row(`F23: a model that ${name}: it is shown and kept, and the next turn works`, async (fault) => {
    const chat = await fault.chat();
    for (let round = 0; round < rounds(1); round += 1) {
      await failed(chat, script, sentence, asked);
      fault.fired();
      await chat.send({ words: 3 });
      await chat.settle();
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
