import { runsOfBatch } from "../../runs/batch-store.ts";
import { RunFeed, type FeedSource } from "../../runs/run-feed.ts";
import type { RunEngine } from "../../runs/run-engine.ts";
import { runsWithTags } from "../../runs/run-list.ts";
import { findRun } from "../../runs/run-store.ts";
import { durationMs } from "../../runs/duration.ts";
import { json } from "../answer.ts";
import { badRequest, forbidden, notFound } from "../errors.ts";
import { assertRunAccess } from "../run-access.ts";
import { whenGone } from "../gone.ts";
import type { RequestContext, Route } from "../router.ts";
import { allows } from "../scopes.ts";
import { readableBatch } from "./batches.ts";

const DAY_MS = 86_400_000;
const TAG_FEED_LIMIT = 200;
// Named beside the star, which older browsers take for a name like any other.
const EXPOSED = "*, electric-handle, electric-offset, electric-schema, electric-cursor, electric-up-to-date";

/** Subscriptions to runs for `useRealtimeRun`, `runs.subscribeToRun` and the like. */
export function runFeedRoutes(deps: { runs: RunEngine; holdMs?: number }): Route[] {
  const { runs } = deps;
  const feed = new RunFeed(runs.signals, deps.holdMs);
  return [
    {
      method: "GET",
      path: "/realtime/v1/runs/:run",
      access: "jwt-or-secret",
      realtime: true,
      handler: async (c) => {
        const run = await findRun(runs.db, c.params.run ?? "");
        if (!run) throw notFound("Run not found.");
        assertRunAccess(c.credential, "read", run);
        await send(c, feed, {
          read: async () => [(await findRun(runs.db, run.id)) ?? run],
          concerns: ({ id }) => id === run.id,
        });
      },
    },
    {
      method: "GET",
      path: "/realtime/v1/runs",
      access: "jwt-or-secret",
      realtime: true,
      handler: async (c) => {
        const tags = c.url.searchParams.get("tags")?.split(",").filter(Boolean) ?? [];
        const resources = [{ type: "runs" }, ...tags.map((id) => ({ type: "tags", id }))];
        if (!allows(c.credential, "read", resources)) throw forbidden();
        const since = startOf(c.url.searchParams.get("createdAt"));
        await send(c, feed, {
          read: () => runsWithTags(runs.db, tags, since, TAG_FEED_LIMIT),
          concerns: (run) => tags.every((tag) => run.tags.includes(tag)),
        });
      },
    },
    {
      method: "GET",
      path: "/realtime/v1/batches/:batch",
      access: "jwt-or-secret",
      realtime: true,
      handler: async (c) => {
        const { id } = await readableBatch(c, runs);
        // A run that a batch has found by its idempotency key names another batch; it is known once it was read.
        const members = new Set<string>();
        await send(c, feed, {
          read: async () => {
            const found = await runsOfBatch(runs.db, id);
            for (const run of found) members.add(run.id);
            return found;
          },
          concerns: (run) => run.batchId === id || members.has(run.id),
        });
      },
    },
  ];
}

async function send(c: RequestContext, feed: RunFeed, source: FeedSource): Promise<void> {
  const query = c.url.searchParams;
  const gone = new AbortController();
  whenGone(c.res, () => gone.abort());
  const { messages, headers } = await feed.answer(source, {
    live: query.get("live") === "true",
    handle: query.get("handle"),
    skipColumns: new Set((query.get("skipColumns") ?? "").split(",")),
    signal: gone.signal,
  });
  json(c, 200, messages, { ...headers, "access-control-expose-headers": EXPOSED });
}

/** How far back a tag feed reaches: one day, or what the caller asks for, such as "1h". */
function startOf(createdAt: string | null): Date {
  if (createdAt === null) return new Date(Date.now() - DAY_MS);
  const age = durationMs(createdAt);
  const time = age === null ? Date.parse(createdAt) : Date.now() - age;
  if (Number.isNaN(time)) throw badRequest("createdAt is neither a duration such as 1h nor a date.");
  return new Date(time);
}
