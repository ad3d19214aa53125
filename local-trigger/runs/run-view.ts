import { metadataOf } from "./run-notes.ts";
import { parsePacket } from "./packet.ts";
import type { RunRow } from "./run-rows.ts";
import { apiStatus, isFinalStatus } from "./run-status.ts";
import type { RunError } from "./run.ts";

/** The fields that every answer about a run has. */
export function runSummary(run: RunRow) {
  const status = apiStatus(run.status);
  const isCompleted = isFinalStatus(run.status);
  const isSuccess = run.status === "COMPLETED_SUCCESSFULLY";
  const isCancelled = run.status === "CANCELED";
  const isWaiting = run.executionStatus === "EXECUTING_WITH_WAITPOINTS";
  return {
    id: run.id,
    status: isWaiting ? "WAITING" : status,
    taskIdentifier: run.taskIdentifier,
    idempotencyKey: run.idempotencyKey ?? undefined,
    version: run.version ?? undefined,
    isQueued: status === "QUEUED" || status === "DELAYED",
    isExecuting: !isWaiting && (status === "EXECUTING" || status === "DEQUEUED"),
    isWaiting,
    isCompleted,
    isSuccess,
    isFailed: isCompleted && !isSuccess && !isCancelled,
    isCancelled,
    isTest: run.isTest,
    createdAt: run.createdAt,
    updatedAt: run.updatedAt,
    startedAt: run.startedAt ?? undefined,
    finishedAt: run.completedAt ?? undefined,
    delayedUntil: run.delayUntil ?? undefined,
    expiredAt: run.status === "EXPIRED" ? (run.completedAt ?? undefined) : undefined,
    ttl: run.ttl ?? undefined,
    tags: run.tags,
    costInCents: 0,
    baseCostInCents: 0,
    durationMs: run.usageDurationMs,
    metadata: metadataOf(run),
    depth: run.depth,
    triggerFunction: run.triggerFunction,
  };
}

/** The whole answer to `GET /api/v3/runs/:id`; payload and output are values, not packets. */
export function runDetails(
  run: RunRow,
  related: { root: RunRow | null; parent: RunRow | null; children: RunRow[] },
) {
  return {
    ...runSummary(run),
    payload: parsePacket(run.payload, run.payloadType),
    output: parsePacket(run.output, run.outputType),
    error: run.error ? errorOf(run.error) : undefined,
    relatedRuns: {
      root: related.root ? runSummary(related.root) : undefined,
      parent: related.parent ? runSummary(related.parent) : undefined,
      children: related.children.map(runSummary),
    },
    attemptCount: run.attempt,
  };
}

/** The answer to `GET /api/v1/runs/:id/result` for a run that is final. */
export function runResult(run: RunRow) {
  const base = { id: run.id, taskIdentifier: run.taskIdentifier };
  if (run.status === "COMPLETED_SUCCESSFULLY")
    return { ok: true, ...base, output: run.output ?? undefined, outputType: run.outputType };
  return { ok: false, ...base, error: run.error ?? { type: "STRING_ERROR", raw: run.status } };
}

function errorOf(error: RunError): { message: string; name?: string; stackTrace?: string } {
  const text = (field: string): string | undefined => {
    const value = error[field];
    return typeof value === "string" ? value : undefined;
  };
  const name = text("name");
  const stackTrace = text("stackTrace");
  return {
    message: text("message") ?? text("raw") ?? text("code") ?? error.type,
    ...(name === undefined ? {} : { name }),
    ...(stackTrace === undefined ? {} : { stackTrace }),
  };
}
