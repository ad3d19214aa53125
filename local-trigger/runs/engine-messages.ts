import { randomBytes } from "node:crypto";
import { environmentId } from "../wire/tokens.ts";
import type { StartedAttempt } from "./attempts.ts";
import { queueId, taskQueue } from "./queue-names.ts";
import type { Dequeued } from "./queue.ts";
import { metadataOf } from "./run-notes.ts";
import type { RunRow } from "./run-rows.ts";
import { internalId, type Snapshot } from "./snapshot.ts";
import { taskOf } from "./worker-store.ts";

const ORGANIZATION = { id: "org_local", slug: "local", name: "Local" };

// The worker sets the heap limit of a run process from the memory (GB) of this preset.
const MACHINE = { name: "medium-1x", cpu: 1, memory: 2, centsPerMs: 0 };

/** The id of the one project of this server. */
export const projectId = "project_local";

/** A snapshot as workers read it. */
export function snapshotMessage(snapshot: Snapshot) {
  const { id, executionStatus, description, createdAt } = snapshot;
  return { id: internalId(id), friendlyId: id, executionStatus, description, createdAt };
}

/** The state of a run as workers read it. */
export function runMessage(run: RunRow) {
  return {
    id: internalId(run.id),
    friendlyId: run.id,
    status: run.status,
    attemptNumber: run.attempt === 0 ? null : run.attempt,
  };
}

/** The answer to `snapshots/latest`. */
export function latestMessage({ run, snapshot }: { run: RunRow; snapshot: Snapshot }) {
  return {
    execution: {
      version: "1",
      snapshot: snapshotMessage(snapshot),
      run: runMessage(run),
      completedWaitpoints: snapshot.completedWaitpoints,
    },
  };
}

/** One run in the answer to a dequeue. */
export function dequeuedMessage({ run, snapshot, worker }: Dequeued) {
  return {
    version: "1",
    snapshot: snapshotMessage(snapshot),
    dequeuedAt: snapshot.createdAt,
    completedWaitpoints: [],
    backgroundWorker: {
      id: internalId(worker.id),
      friendlyId: worker.id,
      version: worker.version,
      runtime: worker.runtime,
    },
    deployment: {},
    run: {
      id: internalId(run.id),
      friendlyId: run.id,
      // The CLI's worker passes it over; the worker host has a place aside for such runs.
      isChild: run.parentRunId !== null,
      isTest: run.isTest,
      isReplay: false,
      machine: MACHINE,
      attemptNumber: run.attempt + 1,
      masterQueue: "main",
      traceContext: {},
    },
    environment: { id: environmentId, type: "DEVELOPMENT" },
    organization: { id: ORGANIZATION.id },
    project: { id: projectId },
  };
}

/** The answer to the start of an attempt: all that a run process needs. */
export function startedMessage(started: StartedAttempt, context: { origin: string; projectRef: string }) {
  const { run, snapshot } = started;
  const otel = `${context.origin}/otel`;
  return {
    run: runMessage(run),
    snapshot: snapshotMessage(snapshot),
    execution: execution(started, context.projectRef),
    envVars: {
      // Without these the exporters try an address of their own, and every wait of the run lasts seconds longer.
      TRIGGER_OTEL_EXPORTER_OTLP_ENDPOINT: otel,
      OTEL_EXPORTER_OTLP_ENDPOINT: otel,
      TRIGGER_RUN_ID: run.id,
      TRIGGER_MACHINE_PRESET: MACHINE.name,
    },
  };
}

function execution({ run, worker }: StartedAttempt, projectRef: string) {
  const task = worker ? taskOf(worker, run.taskIdentifier) : undefined;
  return {
    task: {
      id: run.taskIdentifier,
      filePath: task?.filePath ?? "unknown",
      ...(task?.exportName === undefined ? {} : { exportName: task.exportName }),
    },
    attempt: { number: run.attempt, startedAt: run.attemptStartedAt },
    run: executionRun(run, task?.maxDuration ?? undefined),
    queue: { id: queueId(queueOf(run)), name: queueOf(run) },
    environment: { id: environmentId, slug: "dev", type: "DEVELOPMENT" },
    organization: ORGANIZATION,
    project: { id: projectId, ref: projectRef, slug: "local", name: "Local" },
    machine: MACHINE,
    ...(run.batchId === null ? {} : { batch: { id: run.batchId } }),
  };
}

function queueOf(run: RunRow): string {
  return run.queue ?? taskQueue(run.taskIdentifier);
}

function executionRun(run: RunRow, taskMaxDuration: number | undefined) {
  const maxDuration = run.maxDuration ?? taskMaxDuration;
  return {
    id: run.id,
    payload: run.payload,
    payloadType: run.payloadType,
    tags: run.tags,
    isTest: run.isTest,
    isReplay: false,
    createdAt: run.createdAt,
    startedAt: run.startedAt,
    metadata: metadataOf(run),
    durationMs: run.usageDurationMs,
    costInCents: 0,
    baseCostInCents: 0,
    traceContext: {
      traceparent: `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-01`,
    },
    realtimeStreamsVersion: "v2",
    ...(run.maxAttempts === null ? {} : { maxAttempts: run.maxAttempts }),
    ...(maxDuration === undefined ? {} : { maxDuration }),
    ...(run.version === null ? {} : { version: run.version }),
    ...(run.idempotencyKey === null ? {} : { idempotencyKey: run.idempotencyKey }),
    ...(run.parentRunId === null ? {} : { parentTaskRunId: run.parentRunId }),
    ...(run.rootRunId === null ? {} : { rootTaskRunId: run.rootRunId }),
  };
}
