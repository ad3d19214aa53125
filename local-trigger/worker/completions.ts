import type { Completion } from "./engine-messages.ts";
import type { WorkerMessage } from "./ipc.ts";
import type { ProcessExit } from "./run-process.ts";

type InternalCode =
  | "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE"
  | "TASK_PROCESS_OOM_KILLED"
  | "TASK_RUN_UNCAUGHT_EXCEPTION"
  | "TASK_RUN_CANCELLED"
  | "MAX_DURATION_EXCEEDED";

/** The completion of an attempt that the run worker itself did not bring to its end. */
function failed(runId: string, code: InternalCode, message: string, stackTrace?: string): Completion {
  const error = { type: "INTERNAL_ERROR", code, message, ...(stackTrace ? { stackTrace } : {}) };
  return { ok: false, id: runId, error };
}

/** What a message of the run worker says about the end of the attempt; null when it goes on. */
export function completionOf(runId: string, message: WorkerMessage): Completion | null {
  switch (message.type) {
    case "TASK_RUN_COMPLETED":
      return message.payload.result as Completion;
    case "UNCAUGHT_EXCEPTION": {
      const { error } = message.payload;
      return failed(runId, "TASK_RUN_UNCAUGHT_EXCEPTION", error.message, error.stack);
    }
    case "MAX_DURATION_EXCEEDED": {
      const { maxDurationInSeconds: limit } = message.payload;
      return failed(
        runId,
        "MAX_DURATION_EXCEEDED",
        `Run exceeded maximum compute time (maxDuration) of ${limit} seconds`,
      );
    }
    case "TASK_HEARTBEAT":
      return null;
  }
}

export function completionOfExit(runId: string, exit: ProcessExit): Completion {
  if (exit.outOfMemory)
    return failed(runId, "TASK_PROCESS_OOM_KILLED", "The process took more memory than it may.");
  // Not the output: it may hold what users wrote, and it is in the run's log.
  const message = `Process exited with code ${exit.code} after signal ${exit.signal}.`;
  return failed(runId, "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE", message);
}

export function completionOfBootFailure(runId: string): Completion {
  return failed(runId, "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE", "The run process did not start.");
}

export function completionOfCancel(runId: string): Completion {
  return failed(runId, "TASK_RUN_CANCELLED", "The run was canceled.");
}
