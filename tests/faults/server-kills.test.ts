import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import { append } from "../support/http-user.ts";
import { rounds } from "./harness/dice.ts";
import type { FaultChat } from "./harness/fault-chat.ts";
import { faults } from "./harness/faults.ts";
import { hold, killPart } from "./harness/kills.ts";

const { row } = faults();

/** Appends on a side channel, where nothing answers; null when nobody acknowledged it. */
async function put(chat: FaultChat, part: string): Promise<number | null> {
  const body = JSON.stringify({ part });
  const response = await append(chat.app, `${chat.chatId}/channels/faults`, chat.token, body, part).catch(
    () => null,
  );
  if (!response?.ok) return null;
  return ((await response.json()) as { seq: number }).seq;
}

async function stored(chat: FaultChat): Promise<{ seq: number; part: string }[]> {
  const rows = await chat.app.query<{ seq: string; part: string }>(
    `SELECT r.seq, r.part_id AS part FROM local_trigger.stream_records r
     JOIN local_trigger.streams s ON s.id = r.stream_id WHERE s.name = $1 ORDER BY r.seq`,
    [`sessions/${chat.chatId}/channels/faults/in`],
  );
  return rows.map(({ seq, part }) => ({ seq: Number(seq), part }));
}

const holdStream = (chat: FaultChat) =>
  hold(chat.app, `SELECT 1 FROM local_trigger.streams WHERE name = $1`, [
    `sessions/${chat.chatId}/channels/faults/in`,
  ]);

row(
  "F1: kill -9 of the server before the record is stored: no acknowledgement, and a retry makes one record",
  async (fault) => {
    const chat = await fault.chat();
    expect(await put(chat, "first")).toBe(0);
    for (let round = 0; round < rounds(1); round += 1) {
      const part = randomUUID();
      const held = await holdStream(chat);
      const tried = put(chat, part);
      await held.met();
      const killed = killPart(fault.app, "local-trigger");
      expect(await tried, "an acknowledgement for what is not stored").toBeNull();
      await held.cutWaiters();
      await held.release();
      await killed;
      fault.fired();
      expect((await stored(chat)).filter((record) => record.part === part)).toEqual([]);
      const seq = await put(chat, part);
      expect(await put(chat, part)).toBe(seq);
      expect((await stored(chat)).filter((record) => record.part === part)).toEqual([{ seq, part }]);
    }
  },
);

row(
  "F2: kill -9 of the server after the commit and before the acknowledgement: a retry gets the first number",
  async (fault) => {
    const chat = await fault.chat();
    expect(await put(chat, "first")).toBe(0);
    for (let round = 0; round < rounds(1); round += 1) {
      const part = randomUUID();
      const held = await holdStream(chat);
      const tried = put(chat, part);
      await held.met();
      // Stopped, it can not acknowledge what Postgres commits now.
      process.kill(fault.app.pid("local-trigger") ?? 0, "SIGSTOP");
      await held.release();
      const mine = async () => (await stored(chat)).filter((record) => record.part === part);
      await eventually(async () => (await mine()).length === 1, {
        what: () => "the record was not committed",
      });
      const [record] = await mine();
      await killPart(fault.app, "local-trigger");
      expect(await tried).toBeNull();
      fault.fired();
      expect(await put(chat, part)).toBe(record?.seq);
      expect(await mine()).toEqual([record]);
    }
  },
);

row(
  "F3: kill -9 of the server among many writers: what was acknowledged is whole, no number is used twice",
  async (fault) => {
    const chat = await fault.chat();
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < rounds(2); round += 1) {
      let open = true;
      const writers = Array.from({ length: 8 }, async () => {
        while (open) {
          const part = randomUUID();
          for (let seq = await put(chat, part); open || seq !== null; seq = await put(chat, part)) {
            if (seq === null) await sleep(20);
            else {
              acknowledged.set(part, seq);
              break;
            }
          }
        }
      });
      const before = acknowledged.size;
      await eventually(() => acknowledged.size > before + 20, { what: () => "the writers are not heard" });
      await sleep(fault.dice.int(0, 300));
      await killPart(fault.app, "local-trigger");
      fault.fired();
      await sleep(100);
      open = false;
      await Promise.all(writers);
    }
    const records = await stored(chat);
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, at) => at));
    expect(new Set(records.map(({ part }) => part)).size, "a part was stored twice").toBe(records.length);
    const bySeq = new Map(records.map(({ seq, part }) => [part, seq]));
    expect([...acknowledged].filter(([part, seq]) => bySeq.get(part) !== seq)).toEqual([]);
  },
);

row(
  "F3: kill -9 of the server in mid-answer: the writer heals, and nothing of the answer is lost or doubled",
  async (fault) => {
    const chat = await fault.chat();
    chat.options = { repeats: true };
    for (let round = 0; round < rounds(1); round += 1) {
      const turn = await chat.send({ words: 100, pace: 20, asked: 2 });
      await chat.tab.untilText(turn.answer.slice(0, 8 * fault.dice.int(1, 60)));
      await killPart(fault.app, "local-trigger");
      fault.fired();
      await chat.settle(60_000);
    }
  },
);
