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
  await chat.settle();
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

/** Where each turn that `.out` still knows of has ended. */
async function ends({ app, chatId }: FaultChat): Promise<number[]> {
  const rows = await app.query<{ seq: string }>(
    `SELECT r.seq FROM local_trigger.stream_records r JOIN local_trigger.streams s ON s.id = r.stream_id
     WHERE s.name = $1 AND r.headers @> '[["trigger-control", "turn-complete"]]' ORDER BY r.seq`,
    [`sessions/${chatId}/out`],
  );
  return rows.map(({ seq }) => Number(seq));
}

/** What a reader of `.out` alone makes of the records behind its bookmark. */
async function readOn({ app, chatId, token }: FaultChat, bookmark: number): Promise<string> {
  const url = `${app.triggerUrl}/realtime/v1/sessions/${chatId}/out/records?afterEventId=${bookmark}`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  const { records } = (await response.json()) as { records: { data: unknown }[] };
  return records.map(({ data }) => (data as { delta?: string } | null)?.delta ?? "").join("");
}

row(
  "F24: trimmed, `.out` has all that a reader one turn behind lacks, and one further behind shows the whole history",
  async (fault) => {
    const proxies = [
      await startFaultyProxy(fault.app.triggerPort),
      await startFaultyProxy(fault.app.triggerPort),
    ] as const;
    const [far, near] = proxies;
    const chat = await fault.chat({ triggerUrl: far.url });
    const behind = await FaultTab.open(fault.user, chat.chatId, { triggerUrl: near.url });
    const other = await FaultTab.open(fault.user, chat.chatId);
    try {
      const turn = await chat.send({ words: 30, holdAt: fault.dice.int(5, 29) });
      await turn.model.held();
      await chat.tab.untilText(turn.answer.slice(0, 8));
      far.fault("cut");
      turn.model.release();
      await other.untilText(turn.answer);
      await other.until("ready");
      const bookmarks = await ends(chat);
      let last = turn.answer;
      for (let more = 0; more < 3; more += 1) {
        await behind.untilText(last);
        await behind.until("ready");
        if (more === 2) near.fault("cut");
        const { user, answer } = chat.plan({ words: 6 });
        await other.chat.send(user);
        await other.untilText(answer);
        await other.until("ready");
        bookmarks.push((await ends(chat)).at(-1) ?? -1);
        last = answer;
      }
      const [, twoBehind = -1, oneBehind = -1, end = -1] = bookmarks;
      await eventually(async () => (await firstKept(chat)) > twoBehind, {
        what: () => `what is two turns old, up to ${twoBehind}, is not trimmed`,
        ms: TRIMMED_MS,
        everyMs: 500,
      });
      fault.fired();
      expect(await ends(chat)).toEqual([oneBehind, end]);
      expect(await readOn(chat, oneBehind)).toBe(last);
      near.heal();
      await behind.untilText(last, 60_000);
      await chat.settle(60_000, behind);
      far.heal();
      await chat.settle(60_000);
      expect(chat.tab.chat.messages.length).toBe(8);
      await chat.settle(undefined, other);
      await chat.send({ words: 6 });
      await chat.settle();
    } finally {
      other.close();
      behind.close();
      for (const proxy of proxies) proxy.stop();
    }
  },
);
