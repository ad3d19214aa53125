import { z } from "zod";
import { momentAfter } from "../../runs/duration.ts";
import type { RunEngine } from "../../runs/run-engine.ts";
import { relatedRuns } from "../../runs/run-list.ts";
import type { RunRow } from "../../runs/run-rows.ts";
import { findRun } from "../../runs/run-store.ts";
import { runDetails } from "../../runs/run-view.ts";
import { json } from "../answer.ts";
import { readJson } from "../body.ts";
import { HttpError, badRequest, notFound } from "../errors.ts";
import { noSuchRun } from "../run-access.ts";
import type { RequestContext, Route } from "../router.ts";
import { requestKeyOf } from "../trigger-answer.ts";
import { inputOf, triggerOptions } from "../trigger-options.ts";

const replayBody = triggerOptions
  .pick({
    payloadType: true,
    tags: true,
    delay: true,
    ttl: true,
    idempotencyKey: true,
    idempotencyKeyTTL: true,
  })
  .extend({
    payload: z.unknown().optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
    maxAttempts: z.number().int().positive().optional(),
    maxDuration: z.number().positive().optional(),
  });
const rescheduleBody = z.object({ delay: z.string() });

/** Running a task again as it was run before, and moving a delayed run. */
export function rerunRoutes({ runs }: { runs: RunEngine }): Route[] {
  const find = async (c: RequestContext): Promise<RunRow> => {
    const run = await findRun(runs.db, c.params["run"] ?? "");
    if (!run) throw notFound(noSuchRun);
    return run;
  };
  return [
    {
      method: "POST",
      path: "/api/v1/runs/:run/replay",
      access: "secret",
      handler: async (c) => json(c, 200, { id: await replay(c, runs, await find(c)) }),
    },
    {
      method: "POST",
      path: "/api/v1/runs/:run/reschedule",
      access: "secret",
      handler: async (c) => {
        const { delay } = await readJson(c, rescheduleBody);
        const at = momentAfter(delay);
        if (!at) throw badRequest("delay is neither a duration such as 30s nor a date.");
        const run = await runs.triggers.reschedule((await find(c)).id, at);
        if (!run) throw new HttpError(422, "Only a run that is still delayed can be rescheduled.");
        json(c, 200, runDetails(run, await relatedRuns(runs.db, run)));
      },
    },
  ];
}

async function replay(c: RequestContext, runs: RunEngine, run: RunRow): Promise<string> {
  if (run.sessionId !== null)
    throw new HttpError(422, "A run of a session is not replayed: its session continues it.");
  const { payload, ...given } = await readJson(c, replayBody);
  const text = given.payloadType === "application/super+json" ? payload : JSON.stringify(payload);
  const again =
    payload === undefined
      ? { payload: run.payload, type: run.payloadType }
      : { payload: text, type: given.payloadType };
  const options = {
    tags: run.tags,
    ...(run.metadata === null ? {} : { metadata: run.metadata, metadataType: run.metadataType }),
    ...(run.maxAttempts === null ? {} : { maxAttempts: run.maxAttempts }),
    ...(run.maxDuration === null ? {} : { maxDuration: run.maxDuration }),
    test: run.isTest,
    ...(run.queue === null ? {} : { queue: { name: run.queue } }),
    ...(run.concurrencyKey === null ? {} : { concurrencyKey: run.concurrencyKey }),
    ...given,
    ...(again.type === undefined ? {} : { payloadType: again.type }),
  };
  const input = inputOf(run.taskIdentifier, again.payload, options, requestKeyOf(c));
  return (await runs.triggers.trigger(input)).run.id;
}
