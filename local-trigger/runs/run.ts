import type { ExecutionStatus, RunStatus } from "./run-status.ts";

/** The error of a run in the form in which workers send it (`completion.error`). */
export type RunError = { type: string; [field: string]: unknown };

/** One execution of a task. `id` is the `run_…` form, which every URL uses; times are UTC. */
export type Run = {
  id: string;
  number: number;
  sessionId: string | null;
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
  cancelReason: string | null;
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
  tags?: string[];
  metadata?: string;
  metadataType?: string;
  maxAttempts?: number;
  /** Seconds of compute that an attempt may take; the worker enforces it. */
  maxDuration?: number;
  parentRunId?: string;
  batchId?: string;
  triggerFunction?: string;
  lockToVersion?: string;
  delayUntil?: Date;
  ttl?: string;
  isTest?: boolean;
  idempotency?: { key: string; expiresAt: Date };
};
