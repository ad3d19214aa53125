import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import type { FaultChat } from "./harness/fault-chat.ts";
import { faults, type Fault } from "./harness/faults.ts";
import { startFaultyProxy } from "./harness/faulty-proxy.ts";
import { FaultTab } from "./harness/tab.ts";

const { row } = faults();
/** Longer than the agent waits for the next message: 30 s in its process, and a minute after that. */
const IDLE_MS = 150_000;
const TRIMMED_MS = 40_000;

/** The state of the chat's newest run, as `status execution`. */
async function stateOf({ app, chatId }: FaultChat): Promise<string> {
  const [run] = await app.query<{ state: string }>(
    `SELECT r.status || ' ' || r.execution_status AS state FROM local_trigger.runs r
     JOIN local_trigger.sessions s ON s.id = r.session_id WHERE s.external_id = $1 ORDER BY r.number DESC LIMIT 1`,
    [chatId],
  );
  return run?.state ?? "none";
}

/** Answers two turns, lets the run come to `state`, and goes on: with the tab that stayed, or with a new one. */
async function idle(fault: Fault, state: RegExp, stays: boolean): Promise<void> {
  const chat = await fault.chat();
  for (let turn = 0; turn < 2; turn += 1) {
    await chat.send({ words: 6 });
    await chat.settle();
  }
  if (!stays) chat.tab.close();
  await eventually(async () => state.test(await stateOf(chat)), {
    what: () => `the run does not become ${state}`,
    ms: IDLE_MS,
    everyMs: 500,
  });
  fault.fired();
  if (!stays) await chat.reload();
  // Nothing has begun by itself, and what was said is all there.
  await chat.settle(10_000);
  await chat.send({ words: 6 });
  await chat.settle();
}

row(
  "F24: idle, suspended or over, a chat goes on with its whole history and no turn of its own",
  async (fault) => {
    await Promise.all([
      idle(fault, / EXECUTING_WITH_WAITPOINTS$/, true),
      idle(fault, / EXECUTING_WITH_WAITPOINTS$/, false),
      idle(fault, /^COMPLETED_SUCCESSFULLY /, true),
      idle(fault, /^COMPLETED_SUCCESSFULLY /, false),
    ]);
  },
);

/** The first number that `.out` still has. */
async function firstKept({ app, chatId }: FaultChat): Promise<number> {
  const [row] = await app.query<{ first: string | null }>(
    `SELECT min(r.seq) AS first FROM local_trigger.stream_records r
     JOIN local_trigger.streams s ON s.id = r.stream_id WHERE s.name = $1`,
    [`sessions/${chatId}/out`],
  );
  return Number(row?.first ?? 0);
}

row(
  "F24: a tab whose bookmark was trimmed while it was away shows the whole history, each answer once",
  async (fault) => {
    const proxy = await startFaultyProxy(fault.app.triggerPort);
    const chat = await fault.chat({ triggerUrl: proxy.url });
    const other = await FaultTab.open(fault.user, chat.chatId);
    try {
      const turn = await chat.send({ words: 30, holdAt: fault.dice.int(5, 29) });
      await turn.model.held();
      await chat.tab.untilText(turn.answer.slice(0, 8));
      proxy.fault("cut");
      turn.model.release();
      await other.untilText(turn.answer);
      for (let more = 0; more < 3; more += 1) {
        const { user, answer } = chat.plan({ words: 6 });
        await other.chat.send(user);
        await other.untilText(answer);
        await other.until("ready");
      }
      const [end] = await fault.app.query<{ seq: string }>(
        `SELECT min(r.seq) AS seq FROM local_trigger.stream_records r JOIN local_trigger.streams s ON s.id = r.stream_id
         WHERE s.name = $1 AND r.headers @> '[["trigger-control", "turn-complete"]]'`,
        [`sessions/${chat.chatId}/out`],
      );
      const bookmark = Number(end?.seq);
      await eventually(async () => (await firstKept(chat)) > bookmark, {
        what: () => `the first turn, up to ${bookmark}, is not trimmed`,
        ms: TRIMMED_MS,
        everyMs: 500,
      });
      fault.fired();
      proxy.heal();
      await chat.settle(60_000);
      expect(chat.tab.chat.messages.length).toBe(8);
      await chat.settle(10_000, other);
      await chat.send({ words: 6 });
      await chat.settle();
    } finally {
      other.close();
      proxy.stop();
    }
  },
);
