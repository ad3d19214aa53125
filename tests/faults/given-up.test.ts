import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import { rounds } from "./harness/dice.ts";
import { gather } from "./harness/evidence.ts";
import type { FaultChat } from "./harness/fault-chat.ts";
import { faults } from "./harness/faults.ts";
import { killRun } from "./harness/kills.ts";

const { row } = faults();

/** The first run of a message, and its continuations. */
const RUNS = 4;
const SENTENCE = "This message could not be answered: its run failed several times in a row. Try again.";

/** What everybody says once the engine has given the message up: the page, its HTML without scripts, the database. */
async function isGivenUp(chat: FaultChat, asked: string): Promise<void> {
  await chat.tab.until("error", 60_000);
  expect(chat.tab.chat.error?.message).toBe(SENTENCE);
  expect(chat.tab.chat.messages.filter(({ role }) => role === "user")).toHaveLength(1);
  const html = await (await chat.user.get(`/chats/${chat.chatId}`)).text();
  expect(html).toContain('data-chat-status="error"');
  expect(html).toMatch(new RegExp(`role="alert"><p>${SENTENCE}</p>`));
  const live = await chat.user.get(`/chats/${chat.chatId}/live`);
  expect([live.status, live.headers.get("location")], "nothing is left to be followed").toEqual([
    302,
    `/chats/${chat.chatId}`,
  ]);
  const { rows } = await gather(chat.app, chat.model, chat.tab);
  expect(rows.map(({ role, text }) => [role, text])).toEqual([["user", asked]]);
}

row(
  "F4: a run that is killed at the same point each time: its message is given up with a sentence, and a retry is answered",
  async (fault) => {
    for (let round = 0; round < rounds(2); round += 1) {
      const chat = await fault.chat();
      const at = fault.dice.int(0, 19);
      const turn = await chat.send({
        words: 20,
        from: RUNS + 1,
        asked: RUNS + 1,
        script: (attempt) => (attempt <= RUNS ? { holdAfter: at } : {}),
      });
      for (let run = 0; run < RUNS; run += 1) {
        await eventually(() => turn.model.asked[run]?.sent.length === 8 * at, {
          what: () => `run ${run + 1} does not come to its point\n${fault.app.logs()}`,
          ms: 60_000,
        });
        await killRun(fault.app, chat.chatId);
        await eventually(() => turn.model.asked[run]?.state === "cut", {
          what: () => "the kill missed the open turn",
        });
        fault.fired();
      }
      await isGivenUp(chat, turn.user);
      await chat.reload();
      await isGivenUp(chat, turn.user);
      expect(turn.model.asked, "it is not tried for ever").toHaveLength(RUNS);
      await chat.tab.chat.retry();
      await chat.tab.untilText(turn.answer);
      await chat.tab.until("ready");
      await chat.reload();
      await chat.tab.until("ready");
      expect(chat.tab.text).toBe(`${turn.user}\n${turn.answer}`);
      const { rows } = await gather(fault.app, fault.model, chat.tab);
      expect(rows.filter(({ final }) => final).map(({ text }) => text)).toEqual([turn.user, turn.answer]);
      // What was asked for anew is a branch, and the checker knows one.
      await fault.forget(chat);
      turn.model.release();
    }
  },
);
