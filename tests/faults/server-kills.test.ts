import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import { rounds } from "./harness/dice.ts";
import type { FaultChat } from "./harness/fault-chat.ts";
import { faults } from "./harness/faults.ts";
import { holdBatch } from "./harness/hold-batch.ts";
import { hold, killPart } from "./harness/kills.ts";
import { isOpen, untilHit } from "./harness/until-hit.ts";
import { problemsOfChannel, put, sideChannel, stored } from "./harness/side-channel.ts";

const { row } = faults();

const holdStream = (chat: FaultChat) =>
  hold(chat.app, `SELECT 1 FROM local_trigger.streams WHERE name = $1`, [sideChannel(chat)]);

row(
  "F1: kill -9 of the server before the record is stored: no acknowledgement, and a retry makes one record",
  async (fault) => {
    const chat = await fault.chat();
    expect(await put(chat, "first")).toBe(0);
    for (let round = 0; round < rounds(2); round += 1) {
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
    for (let round = 0; round < rounds(2); round += 1) {
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
    expect(await problemsOfChannel(chat, acknowledged)).toEqual([]);
  },
);

row(
  "F3: kill -9 of the server in the middle of a batch: it is there whole or not at all, and each retry is one record",
  async (fault) => {
    const chat = await fault.chat();
    const acknowledged = new Map<string, number>();
    expect(await put(chat, "first")).toBe(0);
    for (let round = 0; round < rounds(2); round += 1) {
      // Postgres ends the transaction of a client that is gone, or has not noticed it yet.
      const how = round % 2 === 0 ? "cut" : "go on";
      await untilHit(async () => {
        const prefix = `${randomUUID()}-`;
        const parts = Array.from({ length: 12 }, (_, at) => `${prefix}${at}`);
        const at = fault.dice.int(5, 10);
        const held = await holdBatch(fault.app, prefix, at);
        // Stopped, it finds them all at once when it goes on.
        const server = fault.app.pid("local-trigger") ?? 0;
        process.kill(server, "SIGSTOP");
        const tried = parts.map(async (part) => ({ part, seq: await put(chat, part) }));
        // Until all of them stand in its sockets.
        await sleep(500);
        process.kill(server, "SIGCONT");
        await held.met();
        const mine = async () => (await stored(chat)).filter(({ part }) => part.startsWith(prefix));
        const before = await mine();
        await killPart(fault.app, "local-trigger");
        await held.release(how);
        // Written and not committed: those before the one that was held.
        const cut = at - 1 - before.length;
        const after = await mine();
        if (how === "cut") expect(after, "half a batch").toEqual(before);
        else expect(after.length, "half a batch").toBeGreaterThanOrEqual(before.length + cut + 1);
        for (const { part, seq } of await Promise.all(tried)) if (seq !== null) acknowledged.set(part, seq);
        for (const { part, seq } of after) expect([seq, undefined]).toContain(acknowledged.get(part));
        expect(after.length, "what was acknowledged is there").toBeGreaterThanOrEqual(
          parts.filter((part) => acknowledged.has(part)).length,
        );
        for (const part of parts) acknowledged.set(part, (await put(chat, part)) ?? -1);
        expect(
          after.filter(({ part, seq }) => acknowledged.get(part) !== seq),
          "numbers given anew",
        ).toEqual([]);
        if (cut > 0) fault.fired(cut);
        return cut > 0;
      });
    }
    expect(await problemsOfChannel(chat, acknowledged)).toEqual([]);
  },
);

row(
  "F3: kill -9 of the server in mid-answer: the writer heals, and nothing of the answer is lost or doubled",
  async (fault) => {
    const chat = await fault.chat();
    chat.options = { repeats: true };
    for (let round = 0; round < rounds(2); round += 1) {
      await untilHit(async () => {
        const turn = await chat.send({ words: 100, pace: 20, asked: 2 });
        await chat.tab.untilText(turn.answer.slice(0, 8 * fault.dice.int(1, 60)));
        const old = fault.app.kill9("local-trigger");
        const hit = isOpen(turn);
        await fault.app.waitForNewPid("local-trigger", old);
        await chat.settle(60_000);
        if (hit) fault.fired();
        return hit;
      });
    }
  },
);
