import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, describe, expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import { isAlive } from "../support/process-list.ts";
import { BadMachine } from "./harness/bad-machine.ts";
import { rounds } from "./harness/dice.ts";
import type { FaultChat } from "./harness/fault-chat.ts";
import { faults, type Fault } from "./harness/faults.ts";
import { put, problemsOfChannel } from "./harness/side-channel.ts";

const FULL_MS = 3000;

/** Appends for `ms`, each part until it is acknowledged or the time is over. */
async function write(chat: FaultChat, acknowledged: Map<string, number>, ms: number): Promise<string[]> {
  const refused: string[] = [];
  for (const end = Date.now() + ms; Date.now() < end;) {
    const part = randomUUID();
    // Nothing that Postgres could make smaller, so that it needs room.
    const seq = await put(chat, part, randomBytes(64 * 1024).toString("base64"));
    if (seq === null) refused.push(part);
    else acknowledged.set(part, seq);
    await sleep(20);
  }
  return refused;
}

/** What was open is answered, or has visibly failed; the next message is answered, and all witnesses agree. */
async function goesOn(chat: FaultChat): Promise<void> {
  await chat.app.healthy();
  const { tab } = chat;
  await eventually(() => tab.chat.status === "ready" || tab.chat.status === "error", {
    what: () => `the turn stays ${tab.chat.status}`,
    ms: 60_000,
  });
  await chat.send({ words: 5 });
  await chat.settle(60_000);
}

/** Postgres lives, the same or another (with a file of log at hand it need not end), and takes writes. */
async function isPostgresWell({ app }: Fault): Promise<void> {
  const pid = app.pid("postgres");
  expect(pid !== null && isAlive(pid), "Postgres lives").toBe(true);
  await app.query("CREATE TABLE public.has_room AS SELECT 1 AS one");
  await app.query("DROP TABLE public.has_room");
}

describe.skipIf(!BadMachine.isPossible())("on a machine that fails (needs Linux and a C compiler)", () => {
  // A skipped block runs, too, up to its rows.
  let machine: BadMachine;
  const { row } = faults(() => (machine = new BadMachine()).env);
  afterEach(() => machine.heal());
  afterAll(() => machine?.dispose());

  const FULL: Record<string, (fault: Fault) => Promise<unknown>> = {
    "no file can grow": async () => undefined,
    "Postgres can not begin its next file of log, and ends": ({ app }) =>
      app.query("SELECT pg_switch_wal()").catch(() => undefined),
  };

  for (const [what, begin] of Object.entries(FULL)) {
    row(
      `F11: the disk is full, ${what}: what has no room is refused, and all goes on by itself when there is room`,
      async (fault) => {
        const chat = await fault.chat();
        chat.options = { repeats: true };
        const acknowledged = new Map<string, number>();
        for (let round = 0; round < rounds(2); round += 1) {
          const turn = await chat.send({ words: 40, pace: 20, ends: "told", asked: 3 });
          await chat.tab.untilText(turn.answer.slice(0, 8 * fault.dice.int(1, 30)));
          const before = machine.met.writes;
          machine.diskFull(true);
          await begin(fault);
          const sent = chat.send({ words: 5, ends: "told", asked: 3 });
          const refused = await write(chat, acknowledged, FULL_MS);
          expect(refused.length, "nothing was refused").toBeGreaterThan(0);
          machine.diskFull(false);
          fault.fired(machine.met.writes - before);
          await sent;
          await goesOn(chat);
          await isPostgresWell(fault);
          for (const part of refused) {
            const seq = await put(chat, part);
            expect(seq, "not stored although there is room again").not.toBeNull();
            acknowledged.set(part, seq ?? -1);
          }
          expect(await problemsOfChannel(chat, acknowledged)).toEqual([]);
        }
        expect(isAlive(fault.app.process.pid ?? 0), "npm start has ended").toBe(true);
      },
    );
  }

  row("F12: fsync fails: nothing is acknowledged any more, and nothing that was is lost", async (fault) => {
    const chat = await fault.chat();
    chat.options = { repeats: true };
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < rounds(2); round += 1) {
      const turn = await chat.send({ words: 40, pace: 20, ends: "told", asked: 3 });
      await chat.tab.untilText(turn.answer.slice(0, 8 * fault.dice.int(1, 30)));
      await write(chat, acknowledged, 100);
      const before = machine.met.syncs;
      machine.syncFails(true);
      const during = new Map<string, number>();
      const sent = chat.send({ words: 5, ends: "told", asked: 3 });
      const refused = await write(chat, during, FULL_MS);
      expect([...during], "acknowledged without being durable").toEqual([]);
      machine.syncFails(false);
      fault.fired(machine.met.syncs - before);
      await sent;
      await goesOn(chat);
      for (const part of refused) acknowledged.set(part, (await put(chat, part)) ?? -1);
      expect(await problemsOfChannel(chat, acknowledged)).toEqual([]);
    }
  });

  row(
    "F20: the clock jumps ten minutes either way: no token storm, no second run, no wait",
    async (fault) => {
      const chat = await fault.chat();
      for (let round = 0; round < rounds(1); round += 1) {
        for (const minutes of fault.dice.shuffled([10, -10, 0])) {
          const turn = await chat.send({ words: 40, holdAt: fault.dice.int(1, 39) });
          await turn.model.held();
          await chat.send({ words: 5 });
          machine.clock(minutes);
          turn.model.release();
          await chat.settle(20_000);
          await chat.send({ words: 5 });
          await chat.settle(20_000);
          fault.fired();
        }
        expect(chat.tab.renewed, "tokens that were asked for").toBeLessThanOrEqual(1);
      }
      expect(machine.met.clocks).toBeGreaterThan(0);
    },
  );
});
