import { z } from "zod";
import { momentAfter } from "../../runs/duration.ts";
import { limitRow, publicName } from "../../runs/queue-names.ts";
import { findQueue, keyView, listQueues, type QueueChange, type QueueRow } from "../../runs/queue-store.ts";
import type { RunEngine } from "../../runs/run-engine.ts";
import { json } from "../answer.ts";
import { readJson } from "../body.ts";
import { HttpError, badRequest, notFound } from "../errors.ts";
import { pageOf, pagination } from "../pages.ts";
import type { RequestContext, Route } from "../router.ts";

const bound = z.number().int().min(0).max(100_000);
const key = z.union([z.string(), z.number()]).transform(String).pipe(z.string().min(1).max(128));
const overrideBody = z.object({
  perKey: bound.optional(),
  total: bound.optional(),
  concurrencyKey: key.optional(),
  ttl: z.union([z.string(), z.number().int().positive()]).optional(),
});
const pauseBody = z.object({ action: z.enum(["pause", "resume"]) });
const resetBody = z.object({ concurrencyKey: key.optional() });
const one = "/api/v1/concurrency-limits/:limit";
const KEY_TTL = "7d";
const MOST_KEY_TTL_MS = 30 * 86_400_000;

/** Limits that runs hold beside their queue (`concurrencyLimits.*`): named ones, and the own one of a task (`task/<task>`). */
export function concurrencyLimitRoutes({ runs }: { runs: RunEngine }): Route[] {
  return [
    {
      method: "GET",
      path: "/api/v1/concurrency-limits",
      access: "secret",
      handler: async (c) => {
        const page = pageOf(c);
        const { rows, count } = await listQueues(runs.db, { limits: true, ...page });
        json(c, 200, { data: rows.map(limitItem), pagination: pagination(page, count) });
      },
    },
    {
      method: "GET",
      path: one,
      access: "secret",
      handler: async (c) => {
        const limit = known(await findQueue(runs.db, nameOf(c)));
        const ofKey = c.url.searchParams.get("concurrencyKey");
        json(c, 200, ofKey === null ? limitItem(limit) : await keyItem(runs, limit, ofKey));
      },
    },
    { method: "POST", path: `${one}/override`, access: "secret", handler: (c) => override(c, runs) },
    {
      method: "POST",
      path: `${one}/pause`,
      access: "secret",
      handler: async (c) => {
        const { action } = await readJson(c, pauseBody);
        await change(c, runs, { paused: action === "pause" });
      },
    },
    {
      method: "POST",
      path: `${one}/reset`,
      access: "secret",
      handler: async (c) => {
        const { concurrencyKey } = await readJson(c, resetBody);
        if (concurrencyKey === undefined)
          return change(c, runs, {
            perKeyOverride: null,
            perKeyOverrideAt: null,
            totalOverride: null,
            totalOverrideAt: null,
          });
        const limit = known(await findQueue(runs.db, nameOf(c)));
        await runs.queues.overrideKey(limit.name, concurrencyKey, null);
        json(c, 200, await keyItem(runs, limit, concurrencyKey));
      },
    },
  ];
}

async function override(c: RequestContext, runs: RunEngine): Promise<void> {
  const { perKey, total, concurrencyKey, ttl } = await readJson(c, overrideBody);
  if (concurrencyKey !== undefined) return overrideKey(c, runs, { concurrencyKey, perKey, total, ttl });
  if (perKey === undefined && total === undefined) throw badRequest("Give perKey, total or both.");
  const now = new Date();
  await change(c, runs, {
    ...(perKey === undefined ? {} : { perKeyOverride: perKey, perKeyOverrideAt: now }),
    ...(total === undefined ? {} : { totalOverride: total, totalOverrideAt: now }),
  });
}

type KeyBody = Omit<z.infer<typeof overrideBody>, "concurrencyKey"> & { concurrencyKey: string };

async function overrideKey(c: RequestContext, runs: RunEngine, body: KeyBody): Promise<void> {
  const { concurrencyKey, perKey, total, ttl = KEY_TTL } = body;
  if (perKey === undefined || total !== undefined)
    throw badRequest("Of one concurrencyKey, perKey is overridden, and nothing else.");
  const limit = known(await findQueue(runs.db, nameOf(c)));
  if ((limit.perKeyOverride ?? limit.perKey) === null)
    throw new HttpError(422, "This limit has no perKey that could be overridden for one key.");
  const expiresAt = momentAfter(typeof ttl === "number" ? `${ttl}s` : ttl);
  if (!expiresAt || expiresAt.getTime() - Date.now() > MOST_KEY_TTL_MS)
    throw badRequest("ttl is a duration such as 7d, or seconds, of at most 30 days.");
  await runs.queues.overrideKey(limit.name, concurrencyKey, { perKey, expiresAt });
  json(c, 200, await keyItem(runs, limit, concurrencyKey));
}

async function change(c: RequestContext, runs: RunEngine, changes: QueueChange): Promise<void> {
  json(c, 200, limitItem(known(await runs.queues.change(nameOf(c), changes))));
}

function limitItem(row: QueueRow) {
  const bounds = (base: number | null, over: number | null, overriddenAt: Date | null) => ({
    current: over ?? base,
    base,
    override: over,
    overriddenAt,
  });
  return {
    id: row.id,
    name: publicName(row.name).name,
    perKey: bounds(row.perKey, row.perKeyOverride, row.perKeyOverrideAt),
    total: bounds(row.total, row.totalOverride, row.totalOverrideAt),
    running: row.running,
    queued: row.queued,
    paused: row.paused,
  };
}

async function keyItem(runs: RunEngine, row: QueueRow, concurrencyKey: string) {
  const base = row.perKeyOverride ?? row.perKey;
  const { override: over, expiresAt, running } = await keyView(runs.db, row.name, concurrencyKey);
  const perKey = { current: over ?? base, base, override: over, expiresAt };
  return { name: publicName(row.name).name, concurrencyKey, perKey, running, paused: row.paused };
}

function nameOf(c: RequestContext): string {
  return limitRow(c.params["limit"] ?? "");
}

function known(row: QueueRow | null): QueueRow {
  if (!row) throw notFound("Concurrency limit not found.");
  return row;
}
