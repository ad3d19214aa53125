import { z } from "zod";
import { publicName, taskQueue } from "../../runs/queue-names.ts";
import { findQueue, listQueues, type QueueChange, type QueueRow } from "../../runs/queue-store.ts";
import type { RunEngine } from "../../runs/run-engine.ts";
import { json } from "../answer.ts";
import { readJson } from "../body.ts";
import { badRequest, notFound } from "../errors.ts";
import { pageOf, pagination } from "../pages.ts";
import type { RequestContext, Route } from "../router.ts";

const type = z.enum(["id", "task", "custom"]).default("id");
const pauseBody = z.object({ type, action: z.enum(["pause", "resume"]) });
const overrideBody = z.object({ type, concurrencyLimit: z.number().int().min(0).max(100_000) });
const resetBody = z.object({ type });
const one = "/api/v1/queues/:queue";

/** The lines in which runs wait (`queues.*`). */
export function queueRoutes({ runs }: { runs: RunEngine }): Route[] {
  const change = async (c: RequestContext, kind: z.infer<typeof type>, changes: QueueChange) => {
    const row = await runs.queues.change(rowName(c, kind), changes);
    json(c, 200, queueItem(known(row)));
  };
  return [
    {
      method: "GET",
      path: "/api/v1/queues",
      access: "secret",
      handler: async (c) => {
        const page = pageOf(c);
        const { rows, count } = await listQueues(runs.db, { limits: false, ...page });
        json(c, 200, { data: rows.map(queueItem), pagination: pagination(page, count) });
      },
    },
    {
      method: "GET",
      path: one,
      access: "secret",
      handler: async (c) => {
        const kind = type.safeParse(c.url.searchParams.get("type") ?? undefined);
        if (!kind.success) throw badRequest("type is one of id, task and custom.");
        json(c, 200, queueItem(known(await findQueue(runs.db, rowName(c, kind.data)))));
      },
    },
    {
      method: "POST",
      path: `${one}/pause`,
      access: "secret",
      handler: async (c) => {
        const body = await readJson(c, pauseBody);
        await change(c, body.type, { paused: body.action === "pause" });
      },
    },
    {
      method: "POST",
      path: `${one}/concurrency/override`,
      access: "secret",
      handler: async (c) => {
        const { type: kind, concurrencyLimit } = await readJson(c, overrideBody);
        await change(c, kind, { perKeyOverride: concurrencyLimit, perKeyOverrideAt: new Date() });
      },
    },
    {
      method: "POST",
      path: `${one}/concurrency/reset`,
      access: "secret",
      handler: async (c) => {
        const { type: kind } = await readJson(c, resetBody);
        await change(c, kind, { perKeyOverride: null, perKeyOverrideAt: null });
      },
    },
  ];
}

function queueItem(row: QueueRow) {
  const current = row.perKeyOverride ?? row.perKey;
  return {
    id: row.id,
    ...publicName(row.name),
    version: "V1",
    running: row.running,
    queued: row.queued,
    paused: row.paused,
    concurrencyLimit: current,
    concurrency: {
      current,
      base: row.perKey,
      override: row.perKeyOverride,
      overriddenAt: row.perKeyOverrideAt,
      overriddenBy: null,
    },
  };
}

/** The SDK encodes the slashes of a name twice. */
function rowName(c: RequestContext, kind: z.infer<typeof type>): string {
  const name = (c.params["queue"] ?? "").replaceAll("%2F", "/");
  return kind === "task" ? taskQueue(name) : name;
}

function known(row: QueueRow | null): QueueRow {
  if (!row || publicName(row.name).type === "limit") throw notFound("Queue not found.");
  return row;
}
