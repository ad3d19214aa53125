import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import { isAnsweredOnce } from "./harness/answered.ts";
import { rounds } from "./harness/dice.ts";
import { endsWithFinish, lastEnd } from "./harness/ends.ts";
import { gather, type SeenRecord } from "./harness/evidence.ts";
import type { FaultChat, PlannedTurn } from "./harness/fault-chat.ts";
import { faults, type Fault } from "./harness/faults.ts";
import { killBeforeSave } from "./harness/kill-before-save.ts";
import { freezeRun, hold, holdChat, holdTable, holdWrite, killRun, runBooted } from "./harness/kills.ts";
import { untilHit } from "./harness/until-hit.ts";

const { row } = faults();

row("F4: kill -9 of the run at any moment of its turn: one row, one end, one whole answer", async (fault) => {
  const chat = await fault.chat();
  // Of a turn of forty words, 4 ms each, with what goes before and after.
  const longest = 500;
  for (let round = 0; round < rounds(4); round += 1) {
    await untilHit(async () => {
      const before = await lastEnd(chat);
      const turn = await chat.send({ words: 40, asked: 2 });
      await sleep(fault.dice.int(0, longest));
      await killRun(fault.app, chat.chatId);
      const hit = (await lastEnd(chat)) === before;
      if (hit) fault.fired();
      await chat.tab.until("ready");
      // What a run that was killed after its turn's end leaves unsaved is made good with the next message. Its end may
      // have been on its way when it was looked for.
      if (!hit || turn.model.asked.length === 1) await chat.send({ words: 3 });
      await chat.settle();
      return hit;
    });
  }
  await chat.send({ words: 3 });
  await chat.settle();
});

row(
  "F5: kill -9 of the run between the last word of its answer and its turn's end: that answer stays, asked for once",
  async (fault) => {
    const chat = await fault.chat();
    for (let round = 0; round < rounds(1); round += 1) {
      await untilHit(async () => {
        const turn = await chat.send({ words: 5, holdAt: 4, asked: 2 });
        await turn.model.held();
        turn.model.release();
        await chat.tab.untilText(turn.answer);
        await killRun(fault.app, chat.chatId);
        const hit = await endsWithFinish(chat);
        await chat.tab.until("ready");
        await chat.send({ words: 3 });
        await chat.settle();
        if (!hit) return false;
        fault.fired();
        expect(turn.model.asked).toHaveLength(1);
        return true;
      });
    }
  },
);

row("F5: kill -9 of the run in onChatStart: the first message of a chat is answered once", async (fault) => {
  for (let round = 0; round < rounds(1); round += 1) {
    const chat = await fault.chat();
    // Before that it would be in onBoot that it is met.
    await runBooted(fault.app, chat.chatId);
    const held = await hold(fault.app, `SELECT 1 FROM "ChatSession" WHERE id = $1`, [chat.chatId]);
    await chat.send({ words: 5 });
    await held.met();
    await killRun(fault.app, chat.chatId);
    fault.fired();
    await held.cutWaiters();
    await held.release();
    await chat.settle();
  }
});

row(
  "F5: kill -9 of the run as it writes the title: the next turn makes it, and nothing else is touched",
  async (fault) => {
    for (let round = 0; round < rounds(1); round += 1) {
      const chat = await fault.chat();
      const title = async () => {
        const [found] = await fault.app.query<{ title: string | null }>(
          `SELECT title FROM "Chat" WHERE id = $1`,
          [chat.chatId],
        );
        return found?.title;
      };
      const held = await holdWrite(fault.app, chat.chatId, {
        table: "Chat",
        where: `NEW.title IS DISTINCT FROM OLD.title`,
      });
      await chat.send({ words: 5 });
      await held.met();
      await killRun(fault.app, chat.chatId);
      fault.fired();
      await held.release();
      await chat.settle();
      expect(await title()).toBeNull();
      await chat.send({ words: 4 });
      await chat.settle();
      await eventually(title, { what: () => "the title is never made" });
    }
  },
);

/** What the newest answer on `.out` has said so far. */
function spoken(output: SeenRecord[]): string {
  const chunks = output.map(({ data }) => (data ?? {}) as { type?: string; delta?: string });
  const from = chunks.findLastIndex(({ type }) => type === "start");
  return chunks
    .slice(from)
    .map(({ type, delta }) => (type === "text-delta" ? delta : ""))
    .join("");
}

/** A turn that is killed in mid-answer, and its recovery with it as it meets what is held. */
async function killTwice(
  { app, dice }: Fault,
  chat: FaultChat,
  hold: () => ReturnType<typeof holdChat>,
  more?: () => Promise<unknown>,
): Promise<void> {
  const said = dice.int(1, 39);
  const turn = await chat.send({ words: 40, holdAt: said, asked: 3, ends: more ? "partial" : "whole" });
  await turn.model.held();
  await chat.tab.untilText(turn.answer.slice(0, 8 * said));
  await more?.();
  const held = await hold();
  await killRun(app, chat.chatId);
  await held.met();
  await killRun(app, chat.chatId);
  await held.cutWaiters();
  await held.release();
}

row("F5: kill -9 in onRecoveryBoot: the message is answered anew, once", async (fault) => {
  const chat = await fault.chat();
  for (let round = 0; round < rounds(1); round += 1) {
    await killTwice(fault, chat, () => holdTable(fault.app, `"QueuedInput"`, true));
    fault.fired();
    await chat.settle();
  }
});

row(
  "F5: kill -9 in onRecoveryBoot as it keeps a partial: it is kept once, and what waits is answered",
  async (fault) => {
    const chat = await fault.chat();
    for (let round = 0; round < rounds(1); round += 1) {
      await killTwice(
        fault,
        chat,
        () => holdChat(fault.app, chat.chatId),
        () => chat.send({ words: 5 }),
      );
      fault.fired();
      await chat.settle();
    }
  },
);

row(
  "F5: kill -9 of the run that recovers, in its answer: the first one's leaves nothing behind",
  async (fault) => {
    const chat = await fault.chat();
    for (let round = 0; round < rounds(1); round += 1) {
      const holdAt = fault.dice.int(1, 39);
      const turn = await chat.send({
        words: 40,
        asked: 3,
        from: 3,
        script: (attempt) => (attempt < 3 ? { holdAfter: holdAt } : {}),
      });
      for (let attempt = 1; attempt < 3; attempt += 1) {
        const said = turn.answer.slice(0, 8 * holdAt);
        const isSaid = async () => {
          const { output } = await gather(fault.app, fault.model, chat.tab);
          return turn.model.asked.length === attempt && spoken(output) === said;
        };
        const what = () => `try ${attempt} does not come\n${fault.app.logs()}`;
        await eventually(isSaid, { what, ms: 30_000 });
        await killRun(fault.app, chat.chatId);
        fault.fired();
      }
      await chat.settle();
    }
  },
);

row(
  "F5: kill -9 of the run in mid-answer, and of the next between its turn-complete record and its save: one answer",
  async (fault) => {
    const chat = await fault.chat();
    for (let round = 0; round < rounds(1); round += 1) {
      const holdAt = fault.dice.int(1, 39);
      const turn = await chat.send({
        words: 40,
        asked: 2,
        from: 2,
        script: (attempt) => (attempt < 3 ? { holdAfter: holdAt } : {}),
      });
      await turn.model.held();
      await chat.tab.untilText(turn.answer.slice(0, 8 * holdAt));
      await killRun(fault.app, chat.chatId);
      await eventually(() => turn.model.asked[1]?.sent.length === 8 * holdAt, {
        what: () => `it is not answered anew\n${fault.app.logs()}`,
        ms: 30_000,
      });
      await killBeforeSave(chat, turn);
      fault.fired();
      await chat.reload();
      await chat.tab.untilText(turn.answer);
      await chat.send({ words: 4 });
      await chat.settle();
    }
  },
);

row(
  "F5: kill -9 of the run that answers what waited behind a kept partial: that stays, once",
  async (fault) => {
    const chat = await fault.chat();
    for (let round = 0; round < rounds(1); round += 1) {
      const first = await chat.send({ words: 20, holdAt: fault.dice.int(1, 19), ends: "partial" });
      await first.model.held();
      await chat.tab.untilText(first.answer.slice(0, 8));
      const second = await chat.send({ words: 20, holdAt: fault.dice.int(1, 19), asked: 2 });
      await killRun(fault.app, chat.chatId);
      await second.model.held();
      await chat.tab.untilText(second.answer.slice(0, 8));
      await killRun(fault.app, chat.chatId);
      fault.fired();
      await chat.settle();
    }
  },
);

/** What somebody does with a chat whose last answer has no row. Nobody sends a message. */
const VISITS: Record<string, (chat: FaultChat, answerId: string) => Promise<unknown>> = {
  "its page is opened": (chat) => chat.reload(),
  "it is exported": async (chat, answerId) =>
    expect(await (await chat.user.get(`/chats/${chat.chatId}/export`)).text()).toContain(answerId),
  "all chats are exported": async (chat, answerId) =>
    expect(await (await chat.user.get("/settings/export")).text()).toContain(answerId),
  "it is forked there": async (chat, answerId) => {
    const fields = { intent: "fork", target: answerId, forkId: randomUUID() };
    expect((await chat.user.post(`/chats/${chat.chatId}`, fields)).headers.get("location")).toBe(
      `/chats/${fields.forkId}`,
    );
  },
};

for (const [visit, does] of Object.entries(VISITS)) {
  row(
    `F5: kill -9 of the run between its turn-complete record and its save, then nobody sends: ${visit}, and the row is there`,
    async (fault) => {
      for (let round = 0; round < rounds(1); round += 1) {
        const chat = await fault.chat();
        const turn = await chat.send({ words: 5, holdAt: 3 });
        await turn.model.held();
        await killBeforeSave(chat, turn);
        fault.fired();
        await chat.tab.until("ready");
        await does(chat, chat.tab.chat.messages.at(-1)?.id ?? "");
        await isAnsweredOnce(chat, turn);
        // The checker knows no end of a turn but those of messages.
        await fault.forget(chat);
      }
    },
  );
}

/** What is asked of the run without a message; gives the turn that answers it and how often the model is asked. */
const ACTIONS: Record<
  string,
  (
    chat: FaultChat,
    first: PlannedTurn,
  ) => { fields: Record<string, string>; turn: PlannedTurn; asked: number }
> = {
  edit: (chat) => {
    const turn = chat.plan({ words: 5 });
    const target = chat.tab.chat.messages.at(-2)?.id ?? "";
    const fields = { intent: "edit", target, messageId: randomUUID(), text: turn.user };
    return { fields, turn, asked: 1 };
  },
  "another answer": (chat, turn) => ({
    fields: { intent: "again", target: chat.tab.chat.messages.at(-1)?.id ?? "" },
    turn,
    asked: 2,
  }),
};

for (const [action, plan] of Object.entries(ACTIONS)) {
  row(`F5: kill -9 in onAction (${action}): it is answered once`, async (fault) => {
    for (let round = 0; round < rounds(1); round += 1) {
      const chat = await fault.chat();
      const first = await chat.send({ words: 4 });
      await chat.settle();
      const { fields, turn, asked } = plan(chat, first);
      // The run must not read the branch before it is held, and the web has to change it before that.
      const goOn = await freezeRun(fault.app, chat.chatId);
      expect((await fault.user.post(`/chats/${chat.chatId}`, fields)).status).toBe(302);
      const held = await holdTable(fault.app, `"Message"`, true);
      goOn();
      await held.met();
      await killRun(fault.app, chat.chatId);
      fault.fired();
      await held.cutWaiters();
      await held.release();
      await isAnsweredOnce(chat, turn, asked);
      // The checker knows one branch.
      await fault.forget(chat);
    }
  });
}
