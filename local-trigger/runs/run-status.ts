/** What the database and the realtime feed call the state of a run. */
export const RUN_STATUSES = [
  "DELAYED",
  "PENDING",
  "DEQUEUED",
  "EXECUTING",
  "RETRYING_AFTER_FAILURE",
  "COMPLETED_SUCCESSFULLY",
  "COMPLETED_WITH_ERRORS",
  "CRASHED",
  "SYSTEM_FAILURE",
  "TIMED_OUT",
  "EXPIRED",
  "CANCELED",
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** What a worker is told in a snapshot. */
export type ExecutionStatus =
  | "RUN_CREATED"
  | "QUEUED"
  | "PENDING_EXECUTING"
  | "EXECUTING"
  | "EXECUTING_WITH_WAITPOINTS"
  | "PENDING_CANCEL"
  | "FINISHED";

const FINAL: ReadonlySet<RunStatus> = new Set([
  "COMPLETED_SUCCESSFULLY",
  "COMPLETED_WITH_ERRORS",
  "CRASHED",
  "SYSTEM_FAILURE",
  "TIMED_OUT",
  "EXPIRED",
  "CANCELED",
]);

/** A final status never changes again. */
export function isFinalStatus(status: RunStatus): boolean {
  return FINAL.has(status);
}

const API_NAMES: Partial<Record<RunStatus, string>> = {
  PENDING: "QUEUED",
  COMPLETED_SUCCESSFULLY: "COMPLETED",
  COMPLETED_WITH_ERRORS: "FAILED",
  RETRYING_AFTER_FAILURE: "EXECUTING",
};

/** The name that `GET /api/v3/runs/:id` and the list filter use for a status. */
export function apiStatus(status: RunStatus): string {
  return API_NAMES[status] ?? status;
}
