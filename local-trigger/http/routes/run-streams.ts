import { z } from "zod";
import type { RunEngine } from "../../runs/run-engine.ts";
import { findRun } from "../../runs/run-store.ts";
import type { Run } from "../../runs/run.ts";
import { isFinalStatus } from "../../runs/run-status.ts";
import type { StreamStore } from "../../streams/stream-store.ts";
import { newId } from "../../wire/ids.ts";
import { envelopeBody } from "../../wire/session-records.ts";
import { runInputStream, runStream } from "../../wire/stream-names.ts";
import { json } from "../answer.ts";
import { readJson, readText, tooLarge } from "../body.ts";
import { badRequest, forbidden, notFound } from "../errors.ts";
import { originOf } from "../origin.ts";
import type { ReaderLimit } from "../reader-limit.ts";
import type { RequestContext, Route } from "../router.ts";
import { runResources } from "../run-access.ts";
import { streamCredentials, type S2Settings } from "../s2-credentials.ts";
import { allows } from "../scopes.ts";
import { expiryOf, sendStream } from "../sse.ts";
import { header, startOf, waitSecondsOf } from "../stream-request.ts";
import { waitOptions } from "../wait-options.ts";

export type RunStreamDeps = { runs: RunEngine; streams: StreamStore; s2: S2Settings; readers: ReaderLimit };

type Target = "self" | "parent" | "root";

const base = "/realtime/v1/streams/:run";
const maxRecordBytes = 1024 * 1024;
const recordOverhead = 8;
const inputWaitBody = z.object({
  streamId: z.string(),
  lastSeqNum: z.number().int().optional(),
  ...waitOptions,
});
const inputBody = z.object({ data: z.unknown() });

/** Streams that runs write while they go (`streams.define`), and streams that others write for a run to read. */
export function runStreamRoutes(deps: RunStreamDeps): Route[] {
  return [
    ...(["self", "parent", "root"] as const).flatMap((target): Route[] => [
      {
        method: "PUT",
        path: `${base}/${target}/:name`,
        access: "secret",
        handler: (c) => open(c, target, deps),
      },
      {
        method: "POST",
        path: `${base}/${target}/:name/append`,
        access: "secret",
        handler: (c) => append(c, target, deps),
      },
    ]),
    {
      method: "GET",
      path: `${base}/:name`,
      access: "jwt-or-secret",
      realtime: true,
      handler: (c) => subscribe(c, runStream, deps),
    },
    {
      method: "GET",
      path: `${base}/input/:name`,
      access: "jwt-or-secret",
      realtime: true,
      handler: (c) => subscribe(c, runInputStream, deps),
    },
    {
      method: "POST",
      path: `${base}/input/:name`,
      access: "jwt-or-secret",
      realtime: true,
      handler: (c) => send(c, deps),
    },
    {
      method: "POST",
      path: "/api/v1/runs/:run/input-streams/wait",
      access: "secret",
      handler: async (c) => {
        const { streamId, lastSeqNum, ...options } = await readJson(c, inputWaitBody);
        const runId = c.params.run ?? "";
        const made = await deps.runs.createStreamWaitpoint(runId, {
          ...options,
          stream: runInputStream(runId, streamId),
          ...(lastSeqNum === undefined ? {} : { afterSeq: lastSeqNum }),
        });
        if (!made) throw notFound("Run not found.");
        json(c, 200, made);
      },
    },
  ];
}

async function open(c: RequestContext, target: Target, deps: RunStreamDeps): Promise<void> {
  const run = await writableRun(c, target, deps);
  const name = c.params.name ?? "";
  await deps.runs.notes.addStream(run.id, name);
  const origin = originOf(c.req, deps.s2.origin());
  json(c, 202, { version: "v2" }, streamCredentials(deps.s2, runStream(run.id, name), origin));
}

async function append(c: RequestContext, target: Target, deps: RunStreamDeps): Promise<void> {
  const run = await writableRun(c, target, deps);
  const name = c.params.name ?? "";
  const partId = header(c, "x-part-id") ?? newId("part");
  const body = recordOf(await readText(c, { limit: maxRecordBytes }), partId);
  await deps.runs.notes.addStream(run.id, name);
  await deps.streams.append(runStream(run.id, name), [{ body }], { partId });
  json(c, 200, { ok: true });
}

async function subscribe(
  c: RequestContext,
  streamOf: (runId: string, name: string) => string,
  deps: RunStreamDeps,
): Promise<void> {
  const run = await runOf(c, deps);
  const inputs = { type: "inputStreams", id: run.id };
  if (!allows(c.credential, "read", [...runResources(run), inputs])) throw forbidden();
  const stream = streamOf(run.id, c.params.name ?? "");
  const waitMs = waitSecondsOf(c) * 1000;
  const from = await startOf(c, deps.streams, stream);
  deps.readers.enter(c, run.id);
  await sendStream(c, { streams: deps.streams, stream, from, waitMs, expires: expiryOf(c) });
}

async function send(c: RequestContext, deps: RunStreamDeps): Promise<void> {
  const run = await runOf(c, deps);
  const resources = [...runResources(run), { type: "inputStreams", id: run.id }];
  if (!allows(c.credential, "write", resources)) throw forbidden();
  const { data } = await readJson(c, inputBody, { limit: maxRecordBytes });
  assertLive(run);
  const partId = header(c, "x-part-id") ?? newId("part");
  // As JSON text: a run parses whatever string it reads here, and would take the text "1" for a number.
  const record = { body: recordOf(JSON.stringify(data ?? null), partId) };
  await deps.runs.waits.appendInput(runInputStream(run.id, c.params.name ?? ""), record, partId);
  json(c, 200, { ok: true });
}

async function runOf(c: RequestContext, deps: RunStreamDeps): Promise<Run> {
  const run = await findRun(deps.runs.db, c.params.run ?? "");
  if (!run) throw notFound("Run not found.");
  return run;
}

/** The run that a target means: without a parent or root, the run itself. */
async function writableRun(c: RequestContext, target: Target, deps: RunStreamDeps): Promise<Run> {
  const run = await runOf(c, deps);
  const id = target === "self" ? null : target === "parent" ? run.parentRunId : run.rootRunId;
  const meant = id === null ? run : ((await findRun(deps.runs.db, id)) ?? run);
  assertLive(meant);
  return meant;
}

function assertLive(run: Run): void {
  if (isFinalStatus(run.status)) throw badRequest("The run has ended: its streams take nothing more.");
}

function recordOf(data: string, partId: string): string {
  const body = envelopeBody(data, partId);
  if (recordOverhead + Buffer.byteLength(body) > maxRecordBytes) throw tooLarge();
  return body;
}
