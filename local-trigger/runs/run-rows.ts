import type { Run } from "./run.ts";

/** A row of `local_trigger.runs`: the run, and what only the engine needs. */
export type RunRow = Run & { startedFrom: string | null; maxDuration: number | null };

/** The columns of `runs` under the names of `Run`. */
export const RUN_COLUMNS = `
  id, number, session_id AS "sessionId", chat_id AS "chatId", task_identifier AS "taskIdentifier", status,
  execution_status AS "executionStatus", snapshot_id AS "snapshotId", started_from AS "startedFrom",
  payload, payload_type AS "payloadType", output, output_type AS "outputType", error, tags,
  metadata, metadata_type AS "metadataType", attempt, max_attempts AS "maxAttempts",
  max_duration AS "maxDuration", worker_id AS "workerId", version,
  locked_to_version AS "lockedToVersion", parent_run_id AS "parentRunId", root_run_id AS "rootRunId",
  depth, trigger_function AS "triggerFunction", idempotency_key AS "idempotencyKey",
  batch_id AS "batchId", schedule_id AS "scheduleId", queue, concurrency_key AS "concurrencyKey", cancel_reason AS "cancelReason",
  input_at_cancel AS "inputAtCancel", is_test AS "isTest", ttl, realtime_streams AS "realtimeStreams",
  usage_duration_ms AS "usageDurationMs", created_at AS "createdAt", updated_at AS "updatedAt",
  queued_at AS "queuedAt", started_at AS "startedAt", attempt_started_at AS "attemptStartedAt",
  delay_until AS "delayUntil", completed_at AS "completedAt"`;
