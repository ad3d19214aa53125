import { parsePacket, ScheduledTaskPayload } from "@trigger.dev/core/v3";
import { runs, schedules } from "@trigger.dev/sdk";
import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import type { ScriptedWorker } from "../support/scripted-worker.ts";
import { sdkServer } from "../support/sdk-server.ts";

const scheduled = (id: string, schedule?: object) => ({
  id,
  triggerSource: "schedule",
  ...(schedule ? { schedule } : {}),
});
const register = (worker: ScriptedWorker, tokyo = "0 5 * * *") =>
  worker.register([
    scheduled("reminder"),
    scheduled("tokyo", { cron: tokyo, timezone: "Asia/Tokyo" }),
    scheduled("elsewhere", { cron: "* * * * *", timezone: "UTC", environments: ["PRODUCTION"] }),
    "task-a",
  ]);
const server = sdkServer((worker) => register(worker));

const declared = async (task: string) =>
  (await schedules.list()).data.find((schedule) => schedule.task === task);
const query = (text: string, values: unknown[]) => server.trigger.local.query(text, values);

/** Makes the next tick of a schedule one that was due at this moment, as if the clock had come there. */
async function makeDue(id: string, tick: Date): Promise<void> {
  await query(`update local_trigger.schedules set next_at = $2 where id = $1`, [id, tick]);
  const due = `update local_trigger.timers set fire_at = $2, payload = $3 where kind = 'schedule' and subject = $1`;
  await query(due, [id, tick, JSON.stringify({ tick })]);
}

/** Ids of the runs of a schedule, newest first. */
async function runsOf(id: string): Promise<string[]> {
  return (await runs.list({ schedule: id })).data.map((run) => run.id);
}

async function firstRunOf(id: string): Promise<string> {
  return eventually(async () => (await runsOf(id))[0] ?? false, { what: () => "no run came", ms: 10_000 });
}

async function create(key: string, change: Partial<Parameters<typeof schedules.create>[0]> = {}) {
  return schedules.create({ task: "reminder", cron: "0 9 * * *", deduplicationKey: key, ...change });
}

describe("a schedule of the API", () => {
  test("is created, read, listed, changed, stopped, started and deleted", async () => {
    const made = await create("all", { timezone: "Europe/Berlin", externalId: "user-1", window: "30m" });
    expect(made).toMatchObject({
      type: "IMPERATIVE",
      active: true,
      timezone: "Europe/Berlin",
      externalId: "user-1",
    });
    expect(made.generator).toMatchObject({ type: "CRON", expression: "0 9 * * *" });
    expect(made.nextRun?.getUTCMinutes()).toBe(0);
    expect(made.nextRunEffectiveAt?.getTime()).toBeGreaterThan(made.nextRun?.getTime() ?? Infinity);
    expect(await schedules.retrieve(made.id)).toEqual(made);
    expect((await schedules.list()).data.map(({ id }) => id)).toContain(made.id);
    const changed = await schedules.update(made.id, { task: "reminder", cron: "15 10 * * *" });
    expect(changed).toMatchObject({ timezone: "UTC", generator: { expression: "15 10 * * *" } });
    expect(changed.nextRun?.getUTCMinutes()).toBe(15);
    expect(await schedules.deactivate(made.id)).toMatchObject({ active: false, nextRun: null });
    expect(await schedules.activate(made.id)).toMatchObject({ active: true, nextRun: changed.nextRun });
    expect(await schedules.del(made.id)).toEqual({ id: made.id });
    await expect(schedules.retrieve(made.id)).rejects.toMatchObject({ status: 404 });
  });

  test("created twice under one key is one schedule, as it was said last", async () => {
    const first = await create("twice");
    const second = await create("twice", { cron: "0 10 * * *" });
    expect(second).toMatchObject({ id: first.id, generator: { expression: "0 10 * * *" } });
    await schedules.del(first.id);
  });

  test("is refused with a sentence when its cron, its zone or its task is none", async () => {
    await expect(create("bad", { cron: "* * * * * *" })).rejects.toThrow(/no cron expression of five fields/);
    await expect(create("bad", { timezone: "Mars/Base" })).rejects.toThrow(/no time zone/);
    await expect(create("bad", { task: "task-a" })).rejects.toThrow(/no scheduled task/);
  });

  test("may have any of the time zones that are listed", async () => {
    const { timezones } = await schedules.timezones();
    expect(timezones[0]).toBe("UTC");
    expect(timezones).toContain("America/New_York");
    expect((await schedules.timezones({ excludeUtc: true })).timezones).not.toContain("UTC");
  });
});

describe("a tick", () => {
  test("makes one run with the payload that the SDK describes, and the next tick is armed", async () => {
    const { id } = await create("tick", { cron: "*/5 * * * *", externalId: "user-2" });
    const tick = new Date(Math.floor(Date.now() / 300_000) * 300_000);
    await makeDue(id, tick);
    await server.trigger.local.restart();
    const runId = await firstRunOf(id);
    const { execution, snapshot } = await server.worker.take(runId);
    const payload = ScheduledTaskPayload.parse(
      await parsePacket({ data: execution.run.payload, dataType: execution.run.payloadType }),
    );
    expect(payload).toMatchObject({
      scheduleId: id,
      type: "IMPERATIVE",
      timestamp: tick,
      externalId: "user-2",
    });
    expect(payload.lastTimestamp).toBe(undefined);
    expect(payload.upcoming[0]).toEqual(new Date(tick.getTime() + 300_000));
    expect((await schedules.retrieve(id)).nextRun?.getTime()).toBeGreaterThan(Date.now());
    expect((await runs.retrieve(runId)).schedule).toMatchObject({ id, externalId: "user-2" });
    await server.worker.complete(runId, snapshot.friendlyId, { ok: true });
    await schedules.del(id);
  });

  test("that was due while the server was away comes once, and those after it not at all", async () => {
    const { id } = await create("missed", { cron: "*/5 * * * *" });
    const missed = new Date(Math.floor(Date.now() / 300_000) * 300_000 - 7 * 86_400_000);
    await makeDue(id, missed);
    await server.trigger.local.restart();
    await firstRunOf(id);
    await server.trigger.local.restart();
    expect(await runsOf(id)).toHaveLength(1);
    expect((await schedules.retrieve(id)).nextRun?.getTime()).toBeGreaterThan(Date.now());
    const [row] = await query(`select last_at from local_trigger.schedules where id = $1`, [id]);
    expect(row).toEqual({ last_at: missed });
    await schedules.del(id);
    for (const runId of await runsOf(id)) await runs.cancel(runId);
  });

  test("whose timer comes again, or too late for a changed schedule, makes no run", async () => {
    const { id } = await create("stale", { cron: "*/5 * * * *" });
    const tick = new Date(Date.now() - 1_000);
    const insert = `insert into local_trigger.timers (kind, subject, payload, fire_at) values ('schedule', $1, $2, $3)`;
    await query(insert, [id, JSON.stringify({ tick }), tick]);
    await server.trigger.local.restart();
    const isDone = `select 1 from local_trigger.timers where subject = $1 and fire_at <= now()`;
    const gone = async () => (await query(isDone, [id])).length === 0;
    await eventually(gone, { what: () => "the timer still stands", ms: 10_000 });
    expect(await runsOf(id)).toEqual([]);
    await schedules.deactivate(id);
    expect(await query(`select 1 from local_trigger.timers where subject = $1`, [id])).toEqual([]);
    await schedules.del(id);
  });
});

describe("a schedule of the code", () => {
  test("is there after the registration, where it is meant for this environment", async () => {
    expect(await declared("tokyo")).toMatchObject({
      type: "DECLARATIVE",
      timezone: "Asia/Tokyo",
      active: true,
    });
    expect((await declared("tokyo"))?.nextRun?.getUTCHours()).toBe(20);
    expect(await declared("elsewhere")).toBe(undefined);
  });

  test("stays as it is when the code is registered again, follows its changes, and goes with its task", async () => {
    const before = await declared("tokyo");
    await schedules.deactivate(before?.id ?? "");
    await register(server.worker);
    expect(await declared("tokyo")).toEqual({
      ...before,
      active: false,
      nextRun: null,
      nextRunEffectiveAt: null,
    });
    await schedules.activate(before?.id ?? "");
    await register(server.worker, "0 6 * * *");
    expect(await declared("tokyo")).toMatchObject({ id: before?.id, generator: { expression: "0 6 * * *" } });
    await server.worker.register(["task-a"]);
    expect(await declared("tokyo")).toBe(undefined);
    await register(server.worker);
  });

  test("is changed in the code alone", async () => {
    const id = (await declared("tokyo"))?.id ?? "";
    await expect(schedules.del(id)).rejects.toThrow(/declared in the code/);
    await expect(schedules.update(id, { task: "tokyo", cron: "* * * * *" })).rejects.toThrow(
      /declared in the code/,
    );
  });

  test("with a cron that is none is refused together with its code", async () => {
    await expect(register(server.worker, "never")).rejects.toThrow(/400.*no cron expression/);
  });
});
