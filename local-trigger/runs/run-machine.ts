import { isFinalStatus, type ExecutionStatus, type RunStatus } from "./run-status.ts";

/** The part of a run that decides what may happen to it next. */
export type RunState = {
  status: RunStatus;
  executionStatus: ExecutionStatus;
  /** Attempts started so far. */
  attempt: number;
  maxAttempts: number | null;
  cancelReason: string | null;
};

export type RunEvent =
  | { type: "enqueued" }
  | { type: "dequeued" }
  | { type: "attempt-started" }
  | { type: "blocked" }
  | { type: "resumed" }
  | { type: "cancel-requested"; reason: string }
  | { type: "cancel-overdue" }
  | { type: "succeeded" }
  | { type: "failed"; error: { type: string; code?: unknown }; retryInMs?: number }
  | { type: "worker-lost" }
  | { type: "expired" };

/** What becomes of the run. `retryInMs` is set where the next attempt has to wait in the queue. */
export type RunTransition = {
  status: RunStatus;
  executionStatus: ExecutionStatus;
  attempt: number;
  description: string;
  cancelReason?: string;
  retryInMs?: number;
};

/** A retry that is due this soon stays with its worker; a later one goes back to the queue. */
const WARM_RETRY_MS = 5_000;
const CRASH_RETRY_MS = 1_000;
const MAX_CRASH_RETRY_MS = 30_000;

/** The state of a run that was just created. */
export function initialState(delayed: boolean): Pick<RunState, "status" | "executionStatus"> {
  return delayed
    ? { status: "DELAYED", executionStatus: "RUN_CREATED" }
    : { status: "PENDING", executionStatus: "QUEUED" };
}

/** The transition that an event causes, or null where it may not happen in this state. */
export function transition(state: RunState, event: RunEvent): RunTransition | null {
  if (isFinalStatus(state.status)) return null;
  switch (event.type) {
    case "enqueued":
      return isParked(state) ? to(state, "PENDING", "QUEUED", "queued") : null;
    case "dequeued":
      return state.status === "PENDING"
        ? to(state, "DEQUEUED", "PENDING_EXECUTING", "handed to a worker")
        : null;
    case "attempt-started":
      return mayStart(state)
        ? { ...to(state, "EXECUTING", "EXECUTING", "attempt started"), attempt: state.attempt + 1 }
        : null;
    case "blocked":
      return isRunning(state) ? to(state, "EXECUTING", "EXECUTING_WITH_WAITPOINTS", "waiting") : null;
    case "resumed":
      return state.executionStatus === "EXECUTING_WITH_WAITPOINTS" || state.executionStatus === "EXECUTING"
        ? to(state, "EXECUTING", "EXECUTING", "waitpoints completed")
        : null;
    case "cancel-requested":
      return cancelRequested(state, event.reason);
    case "cancel-overdue":
      return state.executionStatus === "PENDING_CANCEL" ? canceled(state) : null;
    case "succeeded":
      return succeeded(state);
    case "failed":
      return failed(state, event);
    case "worker-lost":
      return workerLost(state);
    case "expired":
      return isWithoutWorker(state) && state.attempt === 0
        ? finish(state, "EXPIRED", "its ttl passed")
        : null;
  }
}

/** No worker holds the run. */
function isWithoutWorker(state: RunState): boolean {
  return state.executionStatus === "QUEUED" || state.executionStatus === "RUN_CREATED";
}

function isParked(state: RunState): boolean {
  return isWithoutWorker(state) && state.status !== "PENDING";
}

function isRunning(state: RunState): boolean {
  return state.status === "EXECUTING" && state.executionStatus.startsWith("EXECUTING");
}

/** Handed out and not begun, or told to begin the next attempt at once. */
function mayStart(state: RunState): boolean {
  return state.status === "RETRYING_AFTER_FAILURE"
    ? state.executionStatus === "EXECUTING"
    : state.executionStatus === "PENDING_EXECUTING";
}

/** A worker has begun an attempt and still owes its end. */
function owesCompletion(state: RunState): boolean {
  return state.executionStatus.startsWith("EXECUTING") || state.executionStatus === "PENDING_CANCEL";
}

function cancelRequested(state: RunState, reason: string): RunTransition | null {
  if (state.executionStatus === "PENDING_CANCEL") return null;
  if (!owesCompletion(state)) return { ...finish(state, "CANCELED", reason), cancelReason: reason };
  return { ...to(state, "EXECUTING", "PENDING_CANCEL", reason), cancelReason: reason };
}

function succeeded(state: RunState): RunTransition | null {
  if (!owesCompletion(state)) return null;
  return state.cancelReason === null ? finish(state, "COMPLETED_SUCCESSFULLY", "completed") : canceled(state);
}

function failed(state: RunState, event: Extract<RunEvent, { type: "failed" }>): RunTransition | null {
  if (!owesCompletion(state)) return null;
  const status = failureStatus(event.error);
  if (state.cancelReason !== null || status === "CANCELED") return canceled(state);
  if (event.retryInMs !== undefined) return retry(state, event.retryInMs);
  if (status === "CRASHED" && hasAttemptsLeft(state)) return crashRetry(state);
  return finish(state, status, "failed");
}

function retry(state: RunState, retryInMs: number): RunTransition {
  const warm = retryInMs < WARM_RETRY_MS;
  const next = to(state, "RETRYING_AFTER_FAILURE", warm ? "EXECUTING" : "QUEUED", "retry");
  return warm ? next : { ...next, retryInMs };
}

function crashRetry(state: RunState): RunTransition {
  const retryInMs = Math.min(CRASH_RETRY_MS * 2 ** (state.attempt - 1), MAX_CRASH_RETRY_MS);
  return { ...to(state, "RETRYING_AFTER_FAILURE", "QUEUED", "retry after a crash"), retryInMs };
}

function workerLost(state: RunState): RunTransition | null {
  if (isWithoutWorker(state)) return null;
  if (state.cancelReason !== null) return canceled(state);
  if (state.executionStatus === "PENDING_EXECUTING" || state.status === "RETRYING_AFTER_FAILURE")
    return to(state, "PENDING", "QUEUED", "its worker is gone, queued again");
  // Not CRASHED: that the worker is gone says little about the run itself, and sessions are more patient with it.
  return hasAttemptsLeft(state) ? crashRetry(state) : finish(state, "SYSTEM_FAILURE", "its worker is gone");
}

function hasAttemptsLeft(state: RunState): boolean {
  return state.maxAttempts !== null && state.attempt < state.maxAttempts;
}

const TASK_FAULTS: ReadonlySet<unknown> = new Set([
  "TASK_INPUT_ERROR",
  "TASK_OUTPUT_ERROR",
  "TASK_MIDDLEWARE_ERROR",
  "RECURSIVE_WAIT_DEADLOCK",
]);

function failureStatus(error: { type: string; code?: unknown }): RunStatus {
  if (error.type !== "INTERNAL_ERROR" || TASK_FAULTS.has(error.code)) return "COMPLETED_WITH_ERRORS";
  if (error.code === "TASK_RUN_CANCELLED") return "CANCELED";
  if (error.code === "MAX_DURATION_EXCEEDED") return "TIMED_OUT";
  return "CRASHED";
}

function canceled(state: RunState): RunTransition {
  return finish(state, "CANCELED", state.cancelReason ?? "canceled");
}

function finish(state: RunState, status: RunStatus, description: string): RunTransition {
  return to(state, status, "FINISHED", description);
}

function to(
  state: RunState,
  status: RunStatus,
  executionStatus: ExecutionStatus,
  description: string,
): RunTransition {
  return { status, executionStatus, attempt: state.attempt, description };
}
