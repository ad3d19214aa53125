import { expect } from "vitest";
import { append, messageBody } from "../support/http-user.ts";
import { eventually } from "../support/eventually.ts";
import { rounds } from "./harness/dice.ts";
import { gather } from "./harness/evidence.ts";
import type { FaultChat } from "./harness/fault-chat.ts";
import { faults } from "./harness/faults.ts";
import { holdChat } from "./harness/kills.ts";

const { row } = faults();

async function rowsOf({ app, chatId }: FaultChat): Promise<number> {
  const [found] = await app.query<{ count: string }>(
    `SELECT (SELECT count(*) FROM "Chat" WHERE id = $1) + (SELECT count(*) FROM "ChatSession" WHERE id = $1)
      + (SELECT count(*) FROM "Message" WHERE "chatId" = $1)
      + (SELECT count(*) FROM local_trigger.stream_records r JOIN local_trigger.streams s ON s.id = r.stream_id
         WHERE s.name LIKE 'sessions/' || $1 || '/%') AS count`,
    [chatId],
  );
  return Number(found?.count);
}

const hasEnded = ({ app }: FaultChat, runId: string) =>
  eventually(() => !app.runPids().has(runId), {
    what: () => `the run's process goes on\n${app.logs()}`,
    ms: 30_000,
  });

/** Its run ends, and what that run still writes is refused. */
async function isGone(chat: FaultChat, runId: string): Promise<void> {
  const late = await append(chat.app, chat.chatId, chat.token, messageBody(chat.chatId, "too late"));
  expect(late.status).toBe(409);
  await hasEnded(chat, runId);
  expect(await rowsOf(chat), "rows that came back").toBe(0);
  expect((await chat.user.get(`/chats/${chat.chatId}`)).status).toBe(404);
}

async function runOf({ app, chatId }: FaultChat): Promise<string> {
  const session = (await (await app.trigger(`/api/v1/sessions/${chatId}`)).json()) as {
    currentRunId: string;
  };
  return session.currentRunId;
}

row(
  "F26: deleted while it streams: nothing can be appended, the run ends, and no row comes back",
  async (fault) => {
    for (let round = 0; round < rounds(2); round += 1) {
      const chat = await fault.chat();
      const turn = await chat.send({ words: 40, holdAt: fault.dice.int(0, 39) });
      await turn.model.held();
      const runId = await runOf(chat);
      await fault.forget(chat);
      fault.fired();
      turn.model.release();
      await isGone(chat, runId);
      expect(turn.model.asked[0]?.state, "the request to the model").toBe("cut");
    }
  },
);

row("F26: deleted as the answer is saved: the save brings nothing back", async (fault) => {
  for (let round = 0; round < rounds(1); round += 1) {
    const chat = await fault.chat();
    const turn = await chat.send({ words: 4, holdAt: 3 });
    await turn.model.held();
    const runId = await runOf(chat);
    const held = await holdChat(fault.app, chat.chatId);
    turn.model.release();
    await held.met();
    const deleted = fault.forget(chat);
    fault.fired();
    await held.release();
    await deleted;
    await isGone(chat, runId);
  }
});

async function statusOf({ app }: FaultChat, runId: string): Promise<string> {
  return ((await (await app.trigger(`/api/v3/runs/${runId}`)).json()) as { status: string }).status;
}

/** What `.out` holds of the ends of its turns, and the sentences of those that failed. */
async function outOf(chat: FaultChat): Promise<{ ends: number; errors: string[] }> {
  const { output } = await gather(chat.app, chat.model, chat.tab);
  const chunks = output.map(({ data }) => (data ?? {}) as { type?: string; errorText?: string });
  return {
    ends: output.filter(({ headers }) => headers.some(([, value]) => value === "turn-complete")).length,
    errors: chunks.flatMap(({ type, errorText = "" }) => (type === "error" ? [errorText] : [])),
  };
}

row(
  "F26: closed while it streams: the run is cancelled, the turn ends with a sentence, and nothing can be appended",
  async (fault) => {
    for (let round = 0; round < rounds(2); round += 1) {
      const chat = await fault.chat();
      const turn = await chat.send({ words: 40, holdAt: fault.dice.int(1, 39) });
      await turn.model.held();
      await chat.tab.untilText(turn.answer.slice(0, 8));
      const runId = await runOf(chat);
      const response = await fault.app.trigger(`/api/v1/sessions/${chat.chatId}/close`, {
        method: "POST",
        body: JSON.stringify({ reason: "test" }),
        headers: { "content-type": "application/json" },
      });
      expect(response.status).toBe(200);
      fault.fired();
      const late = await append(fault.app, chat.chatId, chat.token, messageBody(chat.chatId, "too late"));
      expect(late.status).toBe(409);
      await hasEnded(chat, runId);
      expect(turn.model.asked[0]?.state, "the request to the model").toBe("cut");
      await eventually(async () => (await statusOf(chat, runId)) === "CANCELED", {
        what: () => `the run is not cancelled\n${fault.app.logs()}`,
        ms: 30_000,
      });
      await chat.closed();
      expect(await outOf(chat)).toEqual({
        ends: 1,
        errors: ["The chat was closed before this was answered."],
      });
      turn.model.release();
      await fault.forget(chat);
      await isGone(chat, runId);
    }
  },
);
