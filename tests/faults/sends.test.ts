import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { append, messageBody } from "../support/http-user.ts";
import { rounds } from "./harness/dice.ts";
import { faults } from "./harness/faults.ts";
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

row("F16: two tabs send at the same time, and both show the same in the same order", async (fault) => {
  const chat = await fault.chat();
  const other = await FaultTab.open(fault.user, chat.chatId);
  try {
    for (let round = 0; round < rounds(2); round += 1) {
      const [mine, theirs] = [chat.plan({ words: 20 }), chat.plan({ words: 20 })];
      await chat.tab.chat.send(mine.user);
      await sleep(fault.dice.int(0, 200));
      await other.chat.send(theirs.user);
      fault.fired();
      await chat.tab.untilText(theirs.answer);
      await chat.settle();
      await chat.settle(10_000, other);
    }
  } finally {
    other.close();
  }
});

row(
  "F17: stop at about the instant of the finish, from the page or a fresh one: one end, and the next turn works",
  async (fault) => {
    const chat = await fault.chat();
    for (let round = 0; round < rounds(3); round += 1) {
      const turn = await chat.send({ words: 10, holdAt: 9, ends: "any" });
      await turn.model.held();
      if (round % 2 === 1) await chat.reload();
      turn.model.release();
      await sleep(fault.dice.int(0, 60));
      await chat.tab.chat.requestStop();
      fault.fired();
      await chat.settle();
      await chat.send({ words: 4 });
      await chat.settle();
    }
  },
);

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

row("F27: a bookmark that is none neither hangs nor fails the stream", async (fault) => {
  const chat = await fault.chat();
  await chat.send({ words: 5 });
  await chat.settle();
  for (const bookmark of ["0,1,106", "-4", "99999", "NaN", "1e3", " ", "9".repeat(40)]) {
    const response = await fetch(`${fault.app.triggerUrl}/realtime/v1/sessions/${chat.chatId}/out`, {
      headers: {
        authorization: `Bearer ${chat.token}`,
        accept: "text/event-stream",
        "timeout-seconds": "1",
        "last-event-id": bookmark,
      },
      signal: AbortSignal.timeout(8000),
    });
    expect(response.status, `the bookmark ${bookmark}`).toBe(200);
    await response.text();
    fault.fired();
  }
  await chat.send({ words: 5 });
  await chat.settle();
});
