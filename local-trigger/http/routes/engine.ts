import { z } from "zod";
import { completion } from "../../runs/completion.ts";
import {
  dequeuedMessage,
  latestMessage,
  runMessage,
  snapshotMessage,
  startedMessage,
} from "../../runs/engine-messages.ts";
import type { RunEngine } from "../../runs/run-engine.ts";
import { findLatest } from "../../runs/run-store.ts";
import { findWorker } from "../../runs/worker-store.ts";
import { json } from "../answer.ts";
import { dropBody, readJson } from "../body.ts";
import { HttpError, notFound } from "../errors.ts";
import { whenGone } from "../gone.ts";
import type { RequestContext, Route } from "../router.ts";

export type EngineDeps = { runs: RunEngine; origin: () => string; projectRef: string };

// The CLI sends the worker alone; the rest is the worker host's.
const dequeueBody = z.looseObject({
  currentWorker: z.string(),
  childrenOnly: z.boolean().optional(),
  maxRunCount: z.number().int().positive().optional(),
  isFirst: z.boolean().optional(),
});
const disconnectBody = z.object({ runFriendlyIds: z.array(z.string()) });
const completeBody = z.looseObject({ completion });

/** What a worker calls to get runs and to report on them. */
export function engineRoutes(deps: EngineDeps): Route[] {
  const { runs } = deps;
  const snapshot = "/engine/v1/dev/runs/:run/snapshots/:snapshot";
  return [
    { method: "POST", path: "/engine/v1/dev/dequeue", access: "secret", handler: (c) => dequeue(c, runs) },
    {
      method: "POST",
      path: "/engine/v1/dev/disconnect",
      access: "secret",
      handler: async (c) => {
        const { runFriendlyIds } = await readJson(c, disconnectBody);
        json(c, 200, { cancelled: await runs.disconnect(runFriendlyIds) });
      },
    },
    {
      method: "POST",
      path: `${snapshot}/attempts/start`,
      access: "secret",
      handler: async (c) => {
        const { run, snapshot: from } = ids(c);
        const started = known(await runs.attempts.start(run, from));
        runs.reaper.heardOf(run);
        json(c, 200, startedMessage(started, { origin: deps.origin(), projectRef: deps.projectRef }));
      },
    },
    {
      method: "POST",
      path: `${snapshot}/attempts/complete`,
      access: "secret",
      handler: async (c) => {
        const { run, snapshot: from } = ids(c);
        const body = await readJson(c, completeBody);
        const ended = known(await runs.attempts.complete(run, from, body.completion));
        const { attemptStatus } = ended;
        json(c, 200, {
          result: { attemptStatus, snapshot: snapshotMessage(ended.snapshot), run: runMessage(ended.run) },
        });
      },
    },
    {
      method: "POST",
      path: `${snapshot}/heartbeat`,
      access: "secret",
      handler: async (c) => {
        runs.reaper.heardOf(ids(c).run);
        json(c, 200, { ok: true });
      },
    },
    {
      method: "GET",
      path: "/engine/v1/dev/runs/:run/snapshots/latest",
      access: "secret",
      handler: async (c) => {
        const { run } = ids(c);
        const latest = known(await findLatest(runs.db, run));
        // It says that the worker lives, not that the run's process does: only its own heartbeat tells that.
        runs.signals.workers.reports();
        json(c, 200, latestMessage(latest));
      },
    },
    {
      method: "POST",
      path: "/engine/v1/dev/runs/:run/logs/debug",
      access: "secret",
      handler: async (c) => {
        await dropBody(c);
        json(c, 200, {});
      },
    },
  ];
}

async function dequeue(c: RequestContext, runs: RunEngine): Promise<void> {
  const gone = new AbortController();
  whenGone(c.res, () => gone.abort());
  const { currentWorker, ...options } = await readJson(c, dequeueBody);
  // A worker of another database: it registers once more.
  if (!(await findWorker(runs.db, currentWorker))) throw notFound("This worker is not registered.");
  const dequeued = await runs.queue.dequeue(currentWorker, gone.signal, options);
  if (gone.signal.aborted) return runs.queue.giveBack(dequeued);
  json(c, 200, { dequeuedMessages: dequeued.map(dequeuedMessage) });
}

function ids(c: RequestContext): { run: string; snapshot: string } {
  return { run: c.params.run ?? "", snapshot: c.params.snapshot ?? "" };
}

/** 404 for a run that is not there; 409 for a worker that was overtaken, which must not try again. */
function known<T>(result: T | "stale" | null): T {
  if (result === null) throw notFound("Run not found.");
  if (result === "stale")
    throw new HttpError(409, "The run has moved on from this snapshot.", {
      code: "stale_snapshot",
      headers: { "x-should-retry": "false" },
    });
  return result;
}
