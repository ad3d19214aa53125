import type { ExecutionStatus, RunStatus } from "./run-status.ts";

/** The error of a run in the form in which workers send it (`completion.error`). */
export type RunError = { type: string; [field: string]: unknown };

/** One execution of a task. `id` is the `run_…` form, which every URL uses; times are UTC. */
export type Run = {
  id: string;
  number: number;
  sessionId: string | null;
  /** The external id of its session. */
  chatId: string | null;
  taskIdentifier: string;
  status: RunStatus;
  executionStatus: ExecutionStatus;
  snapshotId: string;
  payload: string;
  payloadType: string;
  output: string | null;
  outputType: string;
  error: RunError | null;
  tags: string[];
  metadata: string | null;
  metadataType: string;
  attempt: number;
  maxAttempts: number | null;
  workerId: string | null;
  version: string | null;
  lockedToVersion: string | null;
  parentRunId: string | null;
  rootRunId: string | null;
  depth: number;
  triggerFunction: string;
  idempotencyKey: string | null;
  batchId: string | null;
  /** The schedule of which it is a tick. */
  scheduleId: string | null;
  /** The line that it waits in; null where nobody knew its task when it was created. */
  queue: string | null;
  concurrencyKey: string | null;
  cancelReason: string | null;
  /** The number that the next record of its session's `.in` would have had when its worker was told to end it. */
  inputAtCancel: number | null;
  isTest: boolean;
  ttl: string | null;
  realtimeStreams: string[];
  usageDurationMs: number;
  createdAt: Date;
  updatedAt: Date;
  queuedAt: Date | null;
  startedAt: Date | null;
  attemptStartedAt: Date | null;
  delayUntil: Date | null;
  completedAt: Date | null;
};

/** What a caller gives to start a run. `payload` and `metadata` are packet strings, as they travel. */
export type CreateRun = {
  taskIdentifier: string;
  payload: string;
  payloadType?: string;
  sessionId?: string;
  chatId?: string | null;
  tags?: string[];
  metadata?: string;
  metadataType?: string;
  maxAttempts?: number;
  /** Seconds of compute that an attempt may take; the worker enforces it. */
  maxDuration?: number;
  parentRunId?: string;
  batchId?: string;
  scheduleId?: string;
  /** Instead of the line of its task. */
  queue?: string;
  /** Of a queue that is not declared: how many of its runs may execute for one key. */
  queueLimit?: number;
  /** Instead of the named limits of its task (`limit/<name>`); the task's own one stays. */
  limits?: string[];
  concurrencyKey?: string;
  /** It is handed out before runs that were queued this much earlier. */
  priorityMs?: number;
  triggerFunction?: string;
  lockToVersion?: string;
  delayUntil?: Date;
  ttl?: string;
  isTest?: boolean;
  idempotency?: { key: string; expiresAt: Date };
};

/** What the log says of a run: the ids by which its lines are found. */
export function idsOf({ id, sessionId, chatId }: Pick<Run, "id" | "sessionId" | "chatId">) {
  return { runId: id, sessionId, chatId };
}
