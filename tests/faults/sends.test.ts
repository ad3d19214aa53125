import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { textOf } from "../support/chat-script.ts";
import { append, messageBody, storedRecords } from "../support/http-user.ts";
import { isAnsweredOnce } from "./harness/answered.ts";
import { rounds } from "./harness/dice.ts";
import { endOf } from "./harness/ends.ts";
import type { FaultChat, PlannedTurn } from "./harness/fault-chat.ts";
import { faults } from "./harness/faults.ts";
import { holdChat } from "./harness/kills.ts";
import { loadPage } from "./harness/page-data.ts";
import { FaultTab } from "./harness/tab.ts";

const { row } = faults();

row("F15: the same message sent many times at once is one record and one turn", async (fault) => {
  const chat = await fault.chat();
  for (let round = 0; round < rounds(2); round += 1) {
    const turn = chat.plan({ words: 10 });
    const id = randomUUID();
    const body = messageBody(chat.chatId, turn.user, id);
    const sent = await Promise.all(
      Array.from({ length: fault.dice.int(2, 6) }, async () => {
        await sleep(fault.dice.int(0, 30));
        return append(fault.app, chat.chatId, chat.token, body, id);
      }),
    );
    const seqs = await Promise.all(
      sent.map(async (answer) => ((await answer.json()) as { seq: number }).seq),
    );
    expect(new Set(seqs).size, "one number for one message").toBe(1);
    fault.fired(sent.length - 1);
    await chat.tab.untilText(turn.answer);
    await chat.settle();
  }
});

/** Which of two came first is told by `.in` alone: the turns are expected as they lie there. */
async function inOrderOfInput(chat: FaultChat): Promise<void> {
  const input = await storedRecords(chat.app, chat.chatId, "in");
  const place = ({ user }: PlannedTurn) => input.findIndex(({ data }) => JSON.stringify(data).includes(user));
  chat.turns.sort((a, b) => place(a) - place(b));
}

row("F16: two tabs send at the same time, and both show the same in the same order", async (fault) => {
  const chat = await fault.chat();
  const other = await FaultTab.open(fault.user, chat.chatId);
  try {
    for (let round = 0; round < rounds(2); round += 1) {
      const [mine, theirs] = [chat.plan({ words: 20 }), chat.plan({ words: 20 })];
      const first = chat.tab.chat.send(mine.user);
      // Before the first one's acknowledgement, mostly.
      await sleep(fault.dice.int(0, 20));
      await Promise.all([first, other.chat.send(theirs.user)]);
      fault.fired();
      await inOrderOfInput(chat);
      await chat.tab.untilText(theirs.answer);
      await chat.settle();
      await chat.settle(undefined, other);
    }
  } finally {
    other.close();
  }
});

/** Milliseconds from the last word's release to the stop: before it, at it, after it. */
const STOP_AT = [-40, -5, 0, 5, 10, 20, 40, 80, 150];

for (const from of ["the page", "a page that was just reloaded", "a form"]) {
  row(
    `F17: stop around the instant of the finish, from ${from}: one end for all who look, and the next turn is whole`,
    async (fault) => {
      const chat = await fault.chat();
      const ends = { whole: 0, stopped: 0 };
      const stop = () =>
        from === "a form"
          ? fault.user.post(`/chats/${chat.chatId}`, { intent: "stop" })
          : chat.tab.chat.requestStop();
      // Once for certain: the last word comes only when the stop has ended the turn.
      const cut = await chat.send({ words: 10, holdAt: 9, ends: "stopped" });
      await cut.model.held();
      await chat.tab.untilText(cut.answer.slice(0, 8));
      if (from === "a page that was just reloaded") await chat.reload();
      await stop();
      await chat.settle();
      cut.model.release();
      expect(await endOf(chat, cut)).toBe("stopped");
      for (let round = 0; round < rounds(3); round += 1) {
        const turn = await chat.send({ words: 10, holdAt: 9, ends: "stopped" });
        await turn.model.held();
        await chat.tab.untilText(turn.answer.slice(0, 8));
        if (from === "a page that was just reloaded") await chat.reload();
        const at = fault.dice.shuffled(STOP_AT)[0] ?? 0;
        const later = sleep(Math.max(0, -at)).then(() => turn.model.release());
        await sleep(Math.max(0, at));
        await stop();
        await later;
        fault.fired();
        // Sent at once, whatever became of the turn before: no stop that came late may meet this one.
        await chat.send({ words: 4 });
        await chat.settle();
        ends[await endOf(chat, turn)] += 1;
      }
      console.log(`F17 from ${from}: ${ends.whole} whole, ${ends.stopped} stopped`);
    },
  );
}

row("F18: sent in mid-stream, each message is dispatched once and answered in its turn", async (fault) => {
  const chat = await fault.chat();
  for (let round = 0; round < rounds(2); round += 1) {
    await chat.send({ words: 40 });
    for (let more = 0; more < 3; more += 1) {
      await sleep(fault.dice.int(0, 120));
      await chat.send({ words: 10 });
      fault.fired();
    }
    await chat.settle();
  }
});

type Acted = { turn: PlannedTurn; asked: number };

/** What can be done to a chat right before a message is sent; gives the turns that have to be on the page with it. */
const ACTIONS: Record<string, (chat: FaultChat, first: PlannedTurn, post: Post) => Promise<Acted[]>> = {
  edit: async (chat, _first, post) => {
    const turn = chat.plan({ words: 5 });
    const target = chat.tab.chat.messages.at(-2)?.id ?? "";
    await post({ intent: "edit", target, messageId: randomUUID(), text: turn.user });
    return [{ turn, asked: 1 }];
  },
  "another answer": async (chat, first, post) => {
    await post({ intent: "again", target: chat.tab.chat.messages.at(-1)?.id ?? "" });
    return [{ turn: first, asked: 2 }];
  },
  undo: async (_chat, _first, post) => {
    await post({ intent: "undo" });
    return [];
  },
  withdrawal: async (chat, first, post) => {
    const running = await chat.send({ words: 10, holdAt: 5 });
    await running.model.held();
    const gone = await chat.send({ words: 5, from: 0, asked: 0 });
    await post({ intent: "withdraw", target: chat.tab.chat.messages.at(-1)?.id ?? "" });
    setTimeout(() => running.model.release(), 20);
    expect(gone.model.asked).toEqual([]);
    return [
      { turn: first, asked: 1 },
      { turn: running, asked: 1 },
    ];
  },
};

type Post = (fields: Record<string, string>) => Promise<void>;

for (const [action, act] of Object.entries(ACTIONS)) {
  row(`F18: sent right after: ${action}: the message is dispatched once and answered once`, async (fault) => {
    for (let round = 0; round < rounds(1); round += 1) {
      const chat = await fault.chat();
      const first = await chat.send({ words: 4 });
      await chat.settle();
      const acted = await act(chat, first, async (fields) => {
        const { status } = await fault.user.post(`/chats/${chat.chatId}`, fields);
        expect(status, action).toBe(302);
      });
      const turn = await chat.send({ words: 6 });
      fault.fired();
      for (const one of [...acted, { turn, asked: 1 }]) await isAnsweredOnce(chat, one.turn, one.asked);
      // The checker knows one branch.
      await fault.forget(chat);
    }
  });
}

row(
  "F18: a fork right after an answer's end, which is still being saved, goes on with that answer",
  async (fault) => {
    const chat = await fault.chat();
    const turn = await chat.send({ words: 6, holdAt: 5 });
    await turn.model.held();
    const held = await holdChat(fault.app, chat.chatId);
    turn.model.release();
    await chat.tab.until("ready");
    await held.met();
    fault.fired();
    const forkId = randomUUID();
    const target = chat.tab.chat.messages.at(-1)?.id ?? "";
    const forking = fault.user.post(`/chats/${chat.chatId}`, { intent: "fork", target, forkId });
    // Longer than the first look at the chat takes: it is refused then, or waits.
    await Promise.race([forking, sleep(1_000)]);
    await held.release();
    expect((await forking).status).toBe(302);
    const { messages } = await loadPage(fault.user, forkId);
    expect(messages.map((message) => textOf(message))).toEqual([turn.user, turn.answer]);
    await chat.settle();
  },
);

/** What a reader with this bookmark is sent within a second. */
async function sentTo({ app, chatId, token }: FaultChat, bookmark: string | null): Promise<number[]> {
  const response = await fetch(`${app.triggerUrl}/realtime/v1/sessions/${chatId}/out`, {
    headers: {
      authorization: `Bearer ${token}`,
      accept: "text/event-stream",
      "timeout-seconds": "1",
      ...(bookmark === null ? {} : { "last-event-id": bookmark }),
    },
    signal: AbortSignal.timeout(30_000),
  });
  expect(response.status, `the bookmark ${bookmark}`).toBe(200);
  const batches = [...(await response.text()).matchAll(/^data: (\{"records".*)$/gm)];
  return batches.flatMap(([, batch = ""]) =>
    (JSON.parse(batch) as { records: { seq_num: number }[] }).records.map((record) => record.seq_num),
  );
}

row(
  "F27: a bookmark that is none begins anew, one past the end at the end; no stream hangs",
  async (fault) => {
    const chat = await fault.chat();
    await chat.send({ words: 5 });
    await chat.settle();
    const all = await sentTo(chat, null);
    expect(all.length, "records of the whole turn").toBeGreaterThan(5);
    expect(all).toEqual(all.map((_, at) => at));
    expect(await sentTo(chat, String(all.at(-3))), "the last two").toEqual(all.slice(-2));
    for (const bookmark of ["0,1,106", "-4", "NaN", "1e3", " ", "9".repeat(40)]) {
      expect(await sentTo(chat, bookmark), `the bookmark ${bookmark}`).toEqual(all);
      fault.fired();
    }
    expect(await sentTo(chat, "99999")).toEqual([]);
    fault.fired();
    await chat.send({ words: 5 });
    await chat.settle();
  },
);
