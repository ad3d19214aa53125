import { z } from "zod";
import { lockKey, type Tx } from "../database.ts";
import { newId } from "../wire/ids.ts";
import { nextTick, startOf, ticksAfter } from "./cron.ts";
import type { RunCore } from "./run-core.ts";
import {
  deleteSchedule,
  lockDeclared,
  lockSchedule,
  lockScheduleOfKey,
  putSchedule,
  type Schedule,
} from "./schedule-store.ts";
import type { Triggers } from "./triggers.ts";
import { newestWorker, taskOf, type WorkerMetadata } from "./worker-store.ts";

export type ScheduleInput = {
  task: string;
  cron: string;
  timezone?: string;
  window?: string;
  externalId?: string;
};

const tickPayload = z.object({ tick: z.coerce.date() });
const UPCOMING = 10;
const ENVIRONMENT = "DEVELOPMENT";

/**
 * Runs that come again and again. The tick that is next is in the schedule's row, its timer is a row too, and both move
 * on in the transaction that makes the run: a tick makes one run, whatever dies when. A tick that was due while the
 * server was away comes late, once; those after it are passed over.
 */
export class Schedules {
  private readonly core: RunCore;
  private readonly triggers: Triggers;

  constructor(core: RunCore, triggers: Triggers) {
    this.core = core;
    this.triggers = triggers;
    core.timers.on("schedule", async (timer, done) => {
      const { tick } = tickPayload.parse(timer.payload);
      await core.db.transaction(async (tx) => {
        const schedule = await lockSchedule(tx, timer.subject);
        if (schedule?.active && schedule.nextAt?.getTime() === tick.getTime())
          await this.fire(tx, schedule, tick);
        await done(tx);
      });
    });
  }

  /** A new schedule, or the one of this key, changed. */
  async create(deduplicationKey: string, input: ScheduleInput): Promise<Schedule> {
    return this.core.db.transaction(async (tx) => {
      await lockKey(tx, `schedule:${deduplicationKey}`);
      const before = await lockScheduleOfKey(tx, deduplicationKey);
      const made = before ?? blank("IMPERATIVE", input, deduplicationKey);
      return this.arm(tx, { ...made, ...fieldsOf(input) });
    });
  }

  /** Changes a locked schedule through `change`; null for no such schedule. */
  async update(id: string, change: (before: Schedule) => Partial<Schedule>): Promise<Schedule | null> {
    return this.core.db.transaction(async (tx) => {
      const before = await lockSchedule(tx, id);
      return before && this.arm(tx, { ...before, ...change(before) });
    });
  }

  async replace(id: string, input: ScheduleInput): Promise<Schedule | null> {
    return this.update(id, () => fieldsOf(input));
  }

  async remove(id: string): Promise<void> {
    await this.core.db.transaction((tx) => this.drop(tx, id));
  }

  /** Makes the declared schedules what the registration says. One that is unchanged keeps its next tick, and a stop. */
  async sync(tx: Tx, metadata: WorkerMetadata): Promise<void> {
    const declared = await lockDeclared(tx);
    const wanted = metadata.tasks.flatMap(({ id, schedule }) => {
      if (!schedule || (schedule.environments && !schedule.environments.includes(ENVIRONMENT))) return [];
      const { cron, timezone, window } = schedule;
      return { task: id, cron, timezone: timezone ?? "UTC", ...(window ? { window } : {}) };
    });
    for (const { id, task } of declared)
      if (!wanted.some((schedule) => schedule.task === task)) await this.drop(tx, id);
    for (const input of wanted) {
      const before = declared.find(({ task }) => task === input.task);
      const after = { ...(before ?? blank("DECLARATIVE", input, null)), ...fieldsOf(input) };
      if (!before || !sameRhythm(before, after)) await this.arm(tx, after);
    }
  }

  private async fire(tx: Tx, schedule: Schedule, tick: Date): Promise<void> {
    const worker = await newestWorker(tx);
    const ttl = worker && taskOf(worker, schedule.task)?.ttl;
    const run = await this.triggers.create(tx, {
      taskIdentifier: schedule.task,
      payload: JSON.stringify(payloadOf(schedule, tick)),
      payloadType: "application/super+json",
      scheduleId: schedule.id,
      ...(ttl === null || ttl === undefined ? {} : { ttl: typeof ttl === "number" ? `${ttl}s` : ttl }),
    });
    await this.arm(tx, { ...schedule, lastAt: tick }, tick);
    tx.afterCommit(() =>
      this.core.log.info("schedule.fired", {
        schedule: schedule.id,
        runId: run.id,
        tick: tick.toISOString(),
      }),
    );
  }

  /** Stores the schedule with its next tick after `last`, and the one timer of it. */
  private async arm(tx: Tx, schedule: Schedule, last?: Date): Promise<Schedule> {
    const now = new Date();
    const nextAt = schedule.active ? nextTick(schedule, last ?? now, now) : null;
    const armed = { ...schedule, nextAt };
    await putSchedule(tx, armed);
    await this.core.timers.clear(tx, "schedule", schedule.id);
    if (nextAt)
      await this.core.timers.set(tx, "schedule", schedule.id, {
        at: startOf(schedule, nextAt),
        payload: { tick: nextAt },
      });
    return armed;
  }

  private async drop(tx: Tx, id: string): Promise<void> {
    await deleteSchedule(tx, id);
    await this.core.timers.clear(tx, "schedule", id);
  }
}

function blank(type: Schedule["type"], input: ScheduleInput, deduplicationKey: string | null): Schedule {
  const id = newId("sched");
  const times = { active: true, nextAt: null, lastAt: null, createdAt: new Date() };
  return { id, type, deduplicationKey, ...fieldsOf(input), ...times };
}

function fieldsOf(input: ScheduleInput) {
  const { task, cron, timezone = "UTC", window = null, externalId = null } = input;
  return { task, cron, timezone, window, externalId };
}

function sameRhythm(a: Schedule, b: Schedule): boolean {
  return a.cron === b.cron && a.timezone === b.timezone && a.window === b.window;
}

/** The payload of a tick, as super+json: the moments arrive as dates. */
function payloadOf(schedule: Schedule, tick: Date) {
  const upcoming = ticksAfter(schedule, tick, UPCOMING);
  const { id: scheduleId, type, timezone, lastAt, externalId } = schedule;
  const json = {
    scheduleId,
    type,
    timestamp: tick,
    timezone,
    upcoming,
    ...(lastAt ? { lastTimestamp: lastAt } : {}),
    ...(externalId === null ? {} : { externalId }),
  };
  const dates = [
    "timestamp",
    ...(lastAt ? ["lastTimestamp"] : []),
    ...upcoming.map((_, n) => `upcoming.${n}`),
  ];
  return { json, meta: { values: Object.fromEntries(dates.map((path) => [path, ["Date"]])) } };
}
