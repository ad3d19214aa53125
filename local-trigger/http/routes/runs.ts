import { z } from "zod";
import { metadataChange, type MetadataChange } from "../../runs/metadata.ts";
import type { RunEngine } from "../../runs/run-engine.ts";
import { listRuns, relatedRuns } from "../../runs/run-list.ts";
import { metadataOf } from "../../runs/run-notes.ts";
import type { RunRow } from "../../runs/run-rows.ts";
import { findRun } from "../../runs/run-store.ts";
import { runDetails, runResult, runSummary } from "../../runs/run-view.ts";
import { findSchedule } from "../../runs/schedule-store.ts";
import { environmentId } from "../../wire/tokens.ts";
import { json } from "../answer.ts";
import { readJson } from "../body.ts";
import { HttpError, forbidden, notFound } from "../errors.ts";
import { runListQuery } from "../run-list-query.ts";
import { packetUrl, type PacketUrlSettings } from "../packet-urls.ts";
import { assertRunAccess, noSuchRun } from "../run-access.ts";
import type { RequestContext, Route } from "../router.ts";
import { allows } from "../scopes.ts";
import { scheduleOfRun } from "./schedules.ts";

const tagsBody = z.object({ tags: z.union([z.string().max(128), z.array(z.string().max(128))]) });
const resetBody = z.object({ taskIdentifier: z.string() });

/** Reading, listing and cancelling runs, and what runs write about themselves. */
export function runRoutes({ runs, urls }: { runs: RunEngine; urls: PacketUrlSettings }): Route[] {
  const find = async (c: RequestContext): Promise<RunRow> => {
    const run = await findRun(runs.db, c.params.run ?? "");
    if (!run) throw notFound(noSuchRun);
    return run;
  };
  const metadata = "/api/v1/runs/:run/metadata";
  return [
    {
      method: "GET",
      path: "/api/v3/runs/:run",
      access: "jwt-or-secret",
      realtime: true,
      handler: async (c) => {
        const run = await find(c);
        assertRunAccess(c.credential, "read", run);
        const stored = (type: string, path: string | null) =>
          type === "application/store" && path !== null ? packetUrl(c, urls, "GET", path) : undefined;
        const schedule = run.scheduleId === null ? null : await findSchedule(runs.db, run.scheduleId);
        json(c, 200, {
          ...runDetails(run, await relatedRuns(runs.db, run)),
          ...(schedule ? { schedule: scheduleOfRun(schedule) } : {}),
          payloadPresignedUrl: stored(run.payloadType, run.payload),
          outputPresignedUrl: stored(run.outputType, run.output),
        });
      },
    },
    {
      method: "GET",
      path: "/api/v1/runs",
      access: "jwt-or-secret",
      realtime: true,
      handler: (c) => list(c, runs),
    },
    {
      method: "POST",
      path: "/api/v2/runs/:run/cancel",
      access: "jwt-or-secret",
      realtime: true,
      handler: async (c) => {
        const run = await find(c);
        assertRunAccess(c.credential, "write", run);
        await runs.cancel(run.id, "Canceled by user");
        json(c, 200, { id: run.id });
      },
    },
    {
      method: "GET",
      path: "/api/v1/runs/:run/result",
      access: "secret",
      handler: async (c) => {
        const run = await find(c);
        if (!runs.isFinal(run)) throw notFound("Run is not finished.");
        json(c, 200, runResult(run));
      },
    },
    {
      method: "POST",
      path: "/api/v1/runs/:run/tags",
      access: "secret",
      handler: async (c) => {
        const { tags } = await readJson(c, tagsBody);
        const added = await runs.notes.addTags((await find(c)).id, [tags].flat());
        if (!added) throw new HttpError(422, "A run has at most ten tags.");
        json(c, 200, { message: "Successfully set tags" });
      },
    },
    {
      method: "GET",
      path: metadata,
      access: "secret",
      handler: async (c) => json(c, 200, { metadata: metadataOf(await find(c)) }),
    },
    {
      method: "PUT",
      path: metadata,
      access: "secret",
      handler: async (c) => {
        const change: MetadataChange = await readJson(c, metadataChange);
        json(c, 200, { metadata: await runs.notes.changeMetadata((await find(c)).id, change) });
      },
    },
    {
      method: "POST",
      path: "/api/v1/idempotencyKeys/:key/reset",
      access: "secret",
      handler: async (c) => {
        const { taskIdentifier } = await readJson(c, resetBody);
        const key = c.params.key ?? "";
        if (!(await runs.triggers.forgetKey(taskIdentifier, key)))
          throw notFound("Idempotency key not found.");
        json(c, 200, { id: key });
      },
    },
  ];
}

async function list(c: RequestContext, runs: RunEngine): Promise<void> {
  const filter = runListQuery(c.url.searchParams);
  const { tasks, tags, after = null, before = null } = filter;
  const resources = [
    { type: "runs" },
    ...(tags ?? []).map((id) => ({ type: "tags", id })),
    ...(tasks?.length === 1 ? [{ type: "tasks", id: tasks[0] ?? "" }] : []),
  ];
  if (!allows(c.credential, "read", resources)) throw forbidden();
  const page = await listRuns(runs.db, filter);
  json(c, 200, {
    data: page.runs.map((run) => ({ ...runSummary(run), env: { id: environmentId, name: "dev" } })),
    pagination: pagination(page, after, before),
  });
}

function pagination(page: { runs: RunRow[]; hasMore: boolean }, after: string | null, before: string | null) {
  const backwards = after === null && before !== null;
  const hasNext = backwards || page.hasMore;
  const hasPrevious = backwards ? page.hasMore : after !== null;
  return {
    ...(hasNext ? { next: page.runs.at(-1)?.id } : {}),
    ...(hasPrevious ? { previous: page.runs[0]?.id } : {}),
  };
}
