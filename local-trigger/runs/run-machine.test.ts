import { describe, expect, test } from "vitest";
import { initialState, transition, type RunEvent, type RunState } from "./run-machine.ts";
import { RUN_STATUSES, isFinalStatus } from "./run-status.ts";

const queued: RunState = { ...initialState(false), attempt: 0, maxAttempts: 1, cancelReason: null };
const handedOut: RunState = { ...queued, status: "DEQUEUED", executionStatus: "PENDING_EXECUTING" };
const executing: RunState = { ...queued, status: "EXECUTING", executionStatus: "EXECUTING", attempt: 1 };
const waiting: RunState = { ...executing, executionStatus: "EXECUTING_WITH_WAITPOINTS" };
const cancelling: RunState = { ...executing, executionStatus: "PENDING_CANCEL", cancelReason: "enough" };

/** The state after these events; fails where one of them may not happen. */
function after(state: RunState, ...events: RunEvent[]): RunState {
  return events.reduce((now, event) => {
    const next = transition(now, event);
    if (!next) throw new Error(`${event.type} may not happen in ${now.status}/${now.executionStatus}`);
    const { status, executionStatus, attempt } = next;
    return { ...now, status, executionStatus, attempt, cancelReason: next.cancelReason ?? now.cancelReason };
  }, state);
}

describe("the ordinary life of a run", () => {
  test("goes from the queue over an attempt to success", () => {
    const done = after(
      queued,
      { type: "dequeued" },
      { type: "attempt-started" },
      { type: "blocked" },
      { type: "resumed" },
      { type: "succeeded" },
    );
    expect(done).toMatchObject({
      status: "COMPLETED_SUCCESSFULLY",
      executionStatus: "FINISHED",
      attempt: 1,
    });
  });

  test("begins outside the queue when it is delayed", () => {
    const delayed: RunState = { ...queued, ...initialState(true) };
    expect(transition(delayed, { type: "dequeued" })).toBeNull();
    expect(after(delayed, { type: "enqueued" })).toMatchObject({
      status: "PENDING",
      executionStatus: "QUEUED",
    });
  });
});

test("nothing happens to a run that is final, whatever the event", () => {
  const events: RunEvent[] = [
    { type: "enqueued" },
    { type: "dequeued" },
    { type: "attempt-started" },
    { type: "blocked" },
    { type: "resumed" },
    { type: "cancel-requested", reason: "late" },
    { type: "cancel-overdue" },
    { type: "succeeded" },
    { type: "failed", error: { type: "STRING_ERROR" } },
    { type: "worker-lost" },
    { type: "expired" },
  ];
  const moved = RUN_STATUSES.filter(isFinalStatus).flatMap((status) =>
    events.filter((event) => transition({ ...executing, status, executionStatus: "FINISHED" }, event)),
  );
  expect(moved).toEqual([]);
});

test("a run is handed out once and started once", () => {
  expect(transition(handedOut, { type: "dequeued" })).toBeNull();
  expect(transition(executing, { type: "attempt-started" })).toBeNull();
  expect(transition(queued, { type: "attempt-started" })).toBeNull();
});

describe("a cancel", () => {
  const cancel: RunEvent = { type: "cancel-requested", reason: "enough" };

  test("ends a run at once where no attempt has begun", () => {
    for (const state of [queued, handedOut])
      expect(after(state, cancel)).toMatchObject({ status: "CANCELED", executionStatus: "FINISHED" });
  });

  test("asks the worker first where an attempt runs or waits", () => {
    for (const state of [executing, waiting])
      expect(after(state, cancel)).toMatchObject({
        status: "EXECUTING",
        executionStatus: "PENDING_CANCEL",
        cancelReason: "enough",
      });
  });

  test("wins over whatever the worker reports afterwards", () => {
    const reports: RunEvent[] = [
      { type: "succeeded" },
      { type: "failed", error: { type: "INTERNAL_ERROR", code: "TASK_RUN_CANCELLED" } },
      { type: "failed", error: { type: "STRING_ERROR" }, retryInMs: 10 },
      { type: "worker-lost" },
      { type: "cancel-overdue" },
    ];
    for (const report of reports) expect(after(cancelling, report).status).toBe("CANCELED");
  });

  test("is not begun twice, and lets no wait begin", () => {
    expect(transition(cancelling, cancel)).toBeNull();
    expect(transition(cancelling, { type: "blocked" })).toBeNull();
    expect(transition(cancelling, { type: "resumed" })).toBeNull();
  });
});

describe("a failure", () => {
  const failed = (error: { type: string; code?: string }): RunEvent => ({ type: "failed", error });

  test("is told from a crash, a time limit and a cancel by its error", () => {
    const statuses = [
      { type: "BUILT_IN_ERROR" },
      { type: "INTERNAL_ERROR", code: "TASK_INPUT_ERROR" },
      { type: "INTERNAL_ERROR", code: "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE" },
      { type: "INTERNAL_ERROR", code: "MAX_DURATION_EXCEEDED" },
      { type: "INTERNAL_ERROR", code: "TASK_RUN_CANCELLED" },
    ].map((error) => after(executing, failed(error)).status);
    expect(statuses).toEqual([
      "COMPLETED_WITH_ERRORS",
      "COMPLETED_WITH_ERRORS",
      "CRASHED",
      "TIMED_OUT",
      "CANCELED",
    ]);
  });

  test("that is due again soon stays with its worker, a later one goes to the queue", () => {
    const error = { type: "STRING_ERROR" };
    const soon = after(executing, { type: "failed", error, retryInMs: 100 });
    expect(soon).toMatchObject({ status: "RETRYING_AFTER_FAILURE", executionStatus: "EXECUTING" });
    expect(after(soon, { type: "attempt-started" }).attempt).toBe(2);

    expect(transition(executing, { type: "failed", error, retryInMs: 60_000 })).toMatchObject({
      status: "RETRYING_AFTER_FAILURE",
      executionStatus: "QUEUED",
      retryInMs: 60_000,
    });
  });

  test("by a crash is tried again as long as attempts are left", () => {
    const crash = failed({ type: "INTERNAL_ERROR", code: "TASK_PROCESS_SIGKILL" });
    const next = transition({ ...executing, maxAttempts: 2 }, crash);
    expect(next).toMatchObject({ status: "RETRYING_AFTER_FAILURE", executionStatus: "QUEUED" });
    expect(next?.retryInMs).toBeGreaterThan(0);
    expect(transition({ ...executing, attempt: 2, maxAttempts: 2 }, crash)?.status).toBe("CRASHED");
  });
});

describe("the loss of a worker", () => {
  const lost: RunEvent = { type: "worker-lost" };

  test("puts a run that was not begun back into the queue", () => {
    expect(after(handedOut, lost)).toMatchObject({
      status: "PENDING",
      executionStatus: "QUEUED",
      attempt: 0,
    });
  });

  test("ends a run that was under way, or tries it again where it may", () => {
    for (const state of [executing, waiting]) {
      expect(after(state, lost).status).toBe("SYSTEM_FAILURE");
      expect(after({ ...state, maxAttempts: 3 }, lost).status).toBe("RETRYING_AFTER_FAILURE");
    }
  });

  test("is nothing to a run that no worker holds", () => {
    expect(transition(queued, lost)).toBeNull();
  });
});

test("only a run that was never begun expires", () => {
  expect(after(queued, { type: "expired" }).status).toBe("EXPIRED");
  for (const state of [handedOut, executing, waiting])
    expect(transition(state, { type: "expired" })).toBeNull();
});
