import { z } from "zod";
import { isCron, isTimezone, isWindow, startOf } from "../../runs/cron.ts";
import type { RunEngine } from "../../runs/run-engine.ts";
import { findSchedule, listSchedules, type Schedule } from "../../runs/schedule-store.ts";
import { newestWorker, taskOf } from "../../runs/worker-store.ts";
import { environmentId } from "../../wire/tokens.ts";
import { json } from "../answer.ts";
import { readJson } from "../body.ts";
import { HttpError, notFound } from "../errors.ts";
import { pageOf, pagination } from "../pages.ts";
import type { RequestContext, Route } from "../router.ts";

const update = z.object({
  task: z.string().min(1),
  cron: z.string().refine(isCron, "is no cron expression of five fields."),
  timezone: z.string().refine(isTimezone, "is no time zone that is known here.").optional(),
  window: z.string().refine(isWindow, 'is neither "0m" to "24h" nor "0%" to "100%".').optional(),
  externalId: z.string().optional(),
});
const create = update.extend({ deduplicationKey: z.string().min(1) });
const one = "/api/v1/schedules/:schedule";

/** Schedules (`schedules.*`). Those that the code declares can be stopped here, but changed in the code alone. */
export function scheduleRoutes({ runs }: { runs: RunEngine }): Route[] {
  const find = async (c: RequestContext): Promise<Schedule> => known(await findSchedule(runs.db, idOf(c)));
  const setActive = (path: string, active: boolean): Route => ({
    method: "POST",
    path: `${one}/${path}`,
    access: "secret",
    handler: async (c) =>
      json(c, 200, answer(known(await runs.schedules.update(idOf(c), () => ({ active }))))),
  });
  return [
    {
      method: "POST",
      path: "/api/v1/schedules",
      access: "secret",
      handler: async (c) => {
        const { deduplicationKey, ...input } = await readJson(c, create);
        await assertScheduledTask(runs, input.task);
        json(c, 200, answer(await runs.schedules.create(deduplicationKey, given(input))));
      },
    },
    {
      method: "GET",
      path: "/api/v1/schedules",
      access: "secret",
      handler: async (c) => {
        const page = pageOf(c);
        const { schedules, count } = await listSchedules(runs.db, page);
        json(c, 200, { data: schedules.map(answer), pagination: pagination(page, count) });
      },
    },
    { method: "GET", path: one, access: "secret", handler: async (c) => json(c, 200, answer(await find(c))) },
    {
      method: "PUT",
      path: one,
      access: "secret",
      handler: async (c) => {
        const { id } = assertImperative(await find(c));
        const input = await readJson(c, update);
        await assertScheduledTask(runs, input.task);
        json(c, 200, answer(known(await runs.schedules.replace(id, given(input)))));
      },
    },
    {
      method: "DELETE",
      path: one,
      access: "secret",
      handler: async (c) => {
        const { id } = assertImperative(await find(c));
        await runs.schedules.remove(id);
        json(c, 200, { id });
      },
    },
    setActive("activate", true),
    setActive("deactivate", false),
    {
      // The SDK asks without a key, and there is nothing to keep.
      method: "GET",
      path: "/api/v1/timezones",
      access: "public",
      handler: async (c) => {
        const withUtc = c.url.searchParams.get("excludeUtc") !== "true";
        const zones = Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC");
        json(c, 200, { timezones: withUtc ? ["UTC", ...zones] : zones });
      },
    },
  ];
}

/** What a run tells of the schedule that it is a tick of. */
export function scheduleOfRun({ id, externalId, deduplicationKey, cron }: Schedule) {
  return {
    id,
    ...(externalId === null ? {} : { externalId }),
    ...(deduplicationKey === null ? {} : { deduplicationKey }),
    generator: generator(cron),
  };
}

function answer(schedule: Schedule) {
  const { window, nextAt } = schedule;
  return {
    id: schedule.id,
    type: schedule.type,
    task: schedule.task,
    active: schedule.active,
    deduplicationKey: schedule.deduplicationKey,
    externalId: schedule.externalId,
    generator: generator(schedule.cron),
    timezone: schedule.timezone,
    ...(window === null ? {} : { window }),
    nextRun: nextAt,
    nextRunEffectiveAt: nextAt && startOf(schedule, nextAt),
    environments: [{ id: environmentId, type: "DEVELOPMENT" }],
  };
}

function generator(cron: string) {
  return { type: "CRON", expression: cron, description: cron };
}

function idOf(c: RequestContext): string {
  return c.params["schedule"] ?? "";
}

function given(input: z.infer<typeof update>) {
  const { task, cron, timezone, window, externalId } = input;
  return {
    task,
    cron,
    ...(timezone === undefined ? {} : { timezone }),
    ...(window === undefined ? {} : { window }),
    ...(externalId === undefined ? {} : { externalId }),
  };
}

function known(schedule: Schedule | null): Schedule {
  if (!schedule) throw notFound("Schedule not found.");
  return schedule;
}

function assertImperative(schedule: Schedule): Schedule {
  if (schedule.type === "IMPERATIVE") return schedule;
  throw new HttpError(
    422,
    "This schedule is declared in the code: change the cron of its task, or deactivate it.",
  );
}

async function assertScheduledTask(runs: RunEngine, task: string): Promise<void> {
  const worker = await newestWorker(runs.db);
  if (worker && taskOf(worker, task)?.triggerSource === "schedule") return;
  throw new HttpError(422, `${task} is no scheduled task of the newest code; schedules.task() makes one.`);
}
