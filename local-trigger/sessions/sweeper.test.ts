import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLog } from "#local-trigger/log.ts";
import { EngineUnderTest } from "../../tests/support/run-engine.ts";
import { writePacket } from "../runs/packet-store.ts";
import { turnComplete } from "../wire/session-records.ts";
import { sessionStream } from "../wire/stream-names.ts";
import { KEPT_INPUT } from "./session-retention.ts";
import { Sweeper } from "./sweeper.ts";

const DAYS = 14;
const DAY_MS = 86_400_000;
let engine: EngineUnderTest;

beforeAll(async () => {
  engine = await EngineUnderTest.open();
});
afterAll(() => engine.close());

const inDays = (days: number) => new Date(Date.now() + days * DAY_MS);
const sweepIn = (days: number) => {
  const log = createLog("error", () => undefined);
  return new Sweeper({ db: engine.db, streams: engine.streams, log }, DAYS).sweep(inDays(days));
};
const exists = async (table: string, column: string, value: string) =>
  (await engine.db.query(`select from local_trigger.${table} where ${column} = $1`, [value])).rowCount > 0;
const isKept = (runId: string) => exists("runs", "id", runId);

async function finished(
  input: Parameters<EngineUnderTest["create"]>[0] = {},
  output?: string,
): Promise<string> {
  const { id, snapshotId } = await engine.executing(input);
  const stored = output === undefined ? {} : { output, outputType: "application/store" };
  await engine.runs.attempts.complete(id, snapshotId, { ok: true, ...stored });
  return id;
}

const packet = async (path: string) => {
  await writePacket(engine.db, path, { contentType: "application/json", body: Buffer.from("1") });
  return path;
};

describe("a finished run", () => {
  test("goes after its days, with its packets, streams, snapshots and key, and not before", async () => {
    const [input, output] = [await packet("in-1"), await packet("out-1")];
    const id = await finished({ payload: input, payloadType: "application/store" }, output);
    await engine.streams.append(`runs/${id}/steps`, [{ body: "1" }]);
    await sweepIn(DAYS - 1);
    expect(await isKept(id)).toBe(true);
    expect((await sweepIn(DAYS + 1))["runs"]).toBeGreaterThan(0);
    expect(await isKept(id)).toBe(false);
    for (const path of [input, output]) expect(await exists("packets", "path", path)).toBe(false);
    expect(await exists("streams", "name", `runs/${id}/steps`)).toBe(false);
    expect(await exists("run_snapshots", "run_id", id)).toBe(false);
  });

  test("leaves what others still need: a packet that a replay shares, and streams of a run of a longer name", async () => {
    const shared = { payload: await packet("shared"), payloadType: "application/store" };
    const first = await finished(shared);
    const again = await engine.create({ ...shared, taskIdentifier: "nobody-knows-it" });
    await engine.streams.append(`runs/${first}0/steps`, [{ body: "1" }]);
    await sweepIn(DAYS + 1);
    expect([await isKept(first), await isKept(again.id)]).toEqual([false, true]);
    expect(await exists("packets", "path", "shared")).toBe(true);
    expect(await exists("streams", "name", `runs/${first}0/steps`)).toBe(true);
  });

  test("stays as long as its parent lives", async () => {
    const parent = await engine.executing();
    const child = await finished({ parentRunId: parent.id });
    await sweepIn(DAYS + 1);
    expect(await isKept(child)).toBe(true);
    await engine.runs.attempts.complete(parent.id, parent.snapshotId, { ok: true });
    await sweepIn(DAYS + 1);
    expect([await isKept(child), await isKept(parent.id)]).toEqual([false, false]);
  });

  test("stays as long as an idempotency key names it, so that the key keeps its promise", async () => {
    const input = {
      taskIdentifier: "tested",
      payload: "{}",
      idempotency: { key: "k", expiresAt: inDays(30) },
    };
    const { run } = await engine.runs.triggers.trigger(input);
    await engine.runs.cancel(run.id, "test");
    await sweepIn(DAYS + 1);
    expect((await engine.runs.triggers.trigger(input)).run.id).toBe(run.id);
    await sweepIn(31);
    expect(await isKept(run.id)).toBe(false);
  });

  test("stays while it is the newest of its session", async () => {
    const [older, newest] = [
      await finished({ sessionId: "session_a" }),
      await finished({ sessionId: "session_a" }),
    ];
    await sweepIn(DAYS + 1);
    expect([await isKept(older), await isKept(newest)]).toEqual([false, true]);
  });

  test("takes its batch along", async () => {
    const { batch } = await engine.runs.batches.create({ runCount: 1, blocksParent: false });
    const { runId } = await engine.runs.batches.addItem(batch, 0, {
      taskIdentifier: "tested",
      payload: "{}",
    });
    await sweepIn(DAYS + 1);
    expect(await exists("batches", "id", batch.id)).toBe(true);
    await engine.runs.cancel(runId, "test");
    await sweepIn(DAYS + 1);
    expect(await exists("batches", "id", batch.id)).toBe(false);
  });
});

test("more runs than one transaction takes go in one sweep", async () => {
  const ids = await Promise.all(Array.from({ length: 130 }, async () => (await engine.create()).id));
  await Promise.all(ids.map((id) => engine.runs.cancel(id, "test")));
  expect((await sweepIn(DAYS + 1))["runs"]).toBeGreaterThanOrEqual(130);
});

test("runs that live are never swept, but of their many snapshots the newest stay", async () => {
  const { id } = await engine.executing();
  await engine.db.query(
    `insert into local_trigger.run_snapshots (id, run_id, attempt, execution_status, description, created_at)
     select 'snapshot_old_' || n, $1, 1, 'EXECUTING', 'x', now() - n * interval '1 minute' from generate_series(1, 80) n`,
    [id],
  );
  await sweepIn(DAYS + 1);
  const count = `select count(*)::int as n from local_trigger.run_snapshots where run_id = $1`;
  const { rows } = await engine.db.query<{ n: number }>(count, [id]);
  expect(rows[0]?.n).toBeGreaterThanOrEqual(50);
  expect(rows[0]?.n).toBeLessThan(55);
  expect(
    await engine.runs.attempts.complete(id, (await engine.find(id)).snapshotId, { ok: true }),
  ).toMatchObject({
    attemptStatus: "RUN_FINISHED",
  });
});

test("a token that was completed goes, one that somebody waits for stays", async () => {
  const done = (await engine.runs.waits.createToken({})).waitpoint.id;
  const open = (await engine.runs.waits.createToken({ timeout: "30d" })).waitpoint.id;
  await engine.runs.waits.complete(done, { output: "1" });
  await sweepIn(DAYS + 1);
  expect([await exists("waitpoints", "id", done), await exists("waitpoints", "id", open)]).toEqual([
    false,
    true,
  ]);
});

test("a packet that nothing names goes", async () => {
  await packet("forgotten");
  await sweepIn(DAYS - 1);
  expect(await exists("packets", "path", "forgotten")).toBe(true);
  await sweepIn(DAYS + 1);
  expect(await exists("packets", "path", "forgotten")).toBe(false);
});

test("a deleted session leaves nothing behind after its days; its last run goes too", async () => {
  const insert = `insert into local_trigger.sessions (id, external_id, type, task_identifier, trigger_config, purged_at)
    values ($1, $1, 'chat.agent', 'tested', '{}', $2)`;
  await engine.db.query(insert, ["session_gone", new Date()]);
  await engine.db.query(insert, ["session_open", null]);
  await engine.streams.remove("sessions/session_gone/");
  const run = await finished({ sessionId: "session_gone" });
  await sweepIn(DAYS - 1);
  expect(await exists("sessions", "id", "session_gone")).toBe(true);
  await sweepIn(DAYS + 1);
  expect(await exists("sessions", "id", "session_gone")).toBe(false);
  expect(await exists("removed_prefixes", "prefix", "sessions/session_gone/")).toBe(false);
  expect(await isKept(run)).toBe(false);
  expect(await exists("sessions", "id", "session_open")).toBe(true);
});

/** Follows a stream from its end on, as a reader does, and appends: memory has those records then. */
async function followed(stream: string, records: { body: string }[]): Promise<() => number[] | undefined> {
  await engine.streams.append(stream, [{ body: "before" }]);
  engine.streams.watch(stream, () => {});
  await engine.streams.page(stream, { from: 0 });
  await engine.streams.append(stream, records);
  return () => engine.streams.tail(stream, 1)?.records.map(({ seqNum }) => seqNum);
}

describe("what memory holds of a stream that somebody follows", () => {
  test("is forgotten when the stream's run goes", async () => {
    const id = await finished();
    const inMemory = await followed(`runs/${id}/steps`, [{ body: "1" }]);
    await sweepIn(DAYS - 1);
    expect(inMemory()).toEqual([1]);
    await sweepIn(DAYS + 1);
    expect(inMemory()).toBeUndefined();
    expect(await engine.streams.read(`runs/${id}/steps`, { from: 0 })).toEqual([]);
  });

  test("is forgotten when an input's consumed records go", async () => {
    const records = Array.from({ length: KEPT_INPUT + 50 }, () => ({ body: "{}" }));
    const inMemory = await followed(sessionStream("followed", "in"), records);
    await engine.streams.append(sessionStream("followed", "out"), [turnComplete(KEPT_INPUT + 50)]);
    await sweepIn(DAYS - 1);
    expect(inMemory()).toHaveLength(KEPT_INPUT + 50);
    await sweepIn(DAYS + 1);
    expect(inMemory()).toBeUndefined();
    const [oldest] = await engine.streams.read(sessionStream("followed", "in"), { from: 0 });
    expect(oldest?.seqNum).toBe(51);
  });

  test("is forgotten when its session is deleted", async () => {
    const inMemory = await followed(sessionStream("purged", "out"), [{ body: "1" }]);
    expect(inMemory()).toEqual([1]);
    await engine.streams.remove("sessions/purged/");
    expect(inMemory()).toBeUndefined();
    expect(await engine.streams.read(sessionStream("purged", "out"), { from: 0 })).toEqual([]);
  });
});

describe("the input of a session", () => {
  async function inputOf(key: string, records: number, consumed: number | null): Promise<number[]> {
    const input = sessionStream(key, "in");
    const all = Array.from({ length: records }, (_, n) => ({
      body: JSON.stringify({ data: `${n}`, id: `${n}` }),
    }));
    await engine.streams.append(input, all);
    if (consumed !== null) await engine.streams.append(sessionStream(key, "out"), [turnComplete(consumed)]);
    await sweepIn(DAYS - 1);
    expect(await engine.streams.read(input, { from: 0 })).toHaveLength(records);
    await sweepIn(DAYS + 1);
    return (await engine.streams.read(input, { from: 0 })).map(({ seqNum }) => seqNum);
  }

  test("loses what a finished turn has consumed long ago, but never the newest records", async () => {
    const left = await inputOf("long", KEPT_INPUT + 50, KEPT_INPUT + 49);
    expect([left[0], left.length]).toEqual([50, KEPT_INPUT]);
    const next = await engine.streams.append(sessionStream("long", "in"), [{ body: "{}" }]);
    expect(next.first).toBe(KEPT_INPUT + 50);
  });

  test("keeps every record that no turn has consumed, however old", async () => {
    expect((await inputOf("behind", KEPT_INPUT + 50, 9))[0]).toBe(10);
    expect(await inputOf("never", KEPT_INPUT + 50, null)).toHaveLength(KEPT_INPUT + 50);
  });

  test("of a short chat stays whole", async () => {
    expect(await inputOf("short", 5, 4)).toHaveLength(5);
  });
});

/** A session of this external id whose one run lives or has ended. */
async function session(key: string, { ended, closed }: { ended: boolean; closed: boolean }): Promise<string> {
  const id = `session_${key}`;
  await engine.db.query(
    `insert into local_trigger.sessions (id, external_id, type, task_identifier, trigger_config, closed_at)
     values ($1, $2, 'chat.agent', 'nobody', '{}', case when $3::boolean then now() end)`,
    [id, key, closed],
  );
  const runId = ended ? await finished() : (await engine.executing()).id;
  await engine.db.query("update local_trigger.runs set session_id = $1 where id = $2", [id, runId]);
  return id;
}

const recordsOf = async (stream: string) => (await engine.streams.read(stream, { from: 0 })).length;

describe("a side channel", () => {
  test("loses its old records once the runs of its session have ended, and counts on", async () => {
    await session("ended/chat", { ended: true, closed: false });
    await session("living", { ended: false, closed: false });
    const [ended, living] = [
      sessionStream("ended/chat", "in", "side"),
      sessionStream("living", "out", "side"),
    ];
    for (const channel of [ended, living])
      await engine.streams.append(channel, [{ body: "1" }, { body: "2" }]);
    await sweepIn(DAYS - 1);
    expect(await recordsOf(ended)).toBe(2);
    expect((await sweepIn(DAYS + 1))["channels"]).toBeGreaterThan(0);
    expect([await recordsOf(ended), await recordsOf(living)]).toEqual([0, 2]);
    expect((await engine.streams.append(ended, [{ body: "3" }])).first).toBe(2);
  });
});

describe("a session that is closed and not deleted", () => {
  test("goes after its days, with its streams, once its run has ended; an open one stays", async () => {
    const [closed, busy, open] = [
      await session("shut", { ended: true, closed: true }),
      await session("shut-early", { ended: false, closed: true }),
      await session("not-shut", { ended: true, closed: false }),
    ];
    const out = (key: string) => sessionStream(key, "out");
    for (const key of ["shut", "shut-early", "not-shut"])
      await engine.streams.append(out(key), [{ body: "{}" }]);
    await sweepIn(DAYS - 1);
    expect(await recordsOf(out("shut"))).toBe(1);
    await sweepIn(DAYS + 1);
    expect(await Promise.all(["shut", "shut-early", "not-shut"].map((key) => recordsOf(out(key))))).toEqual([
      0, 1, 1,
    ]);
    await sweepIn(2 * DAYS + 2);
    expect(await Promise.all([closed, busy, open].map((id) => exists("sessions", "id", id)))).toEqual([
      false,
      true,
      true,
    ]);
  });
});
