import { internalId, type CompletedWaitpoint } from "./snapshot.ts";

/** Something that a run waits for. MANUAL: a stream record, a token or a timeout; RUN: the end of a child run. */
export type Waitpoint = {
  id: string;
  type: "MANUAL" | "DATETIME" | "RUN";
  status: "PENDING" | "COMPLETED";
  runId: string | null;
  stream: string | null;
  afterSeq: number | null;
  sessionId: string | null;
  childRunId: string | null;
  /** Of a run that waits for a batch. */
  batchId: string | null;
  idempotencyKey: string | null;
  idempotencyKeyExpiresAt: Date | null;
  callbackHash: string | null;
  tags: string[];
  timeoutAt: Date | null;
  completedAfter: Date | null;
  completedAt: Date | null;
  output: string | null;
  outputType: string;
  outputIsError: boolean;
  createdAt: Date;
};

/** How a waitpoint ended. */
export type WaitpointResult = { output: string | null; outputType?: string; isError?: boolean };

/** The result that the SDK turns into its timeout error. */
export const TIMED_OUT: WaitpointResult = {
  output: JSON.stringify({ code: "TRIGGER_WAITPOINT_TIMEOUT", message: "Waitpoint timed out" }),
  isError: true,
};

/** Whether it ended by its timeout. */
export function hasTimedOut(waitpoint: Waitpoint): boolean {
  return waitpoint.outputIsError && waitpoint.output === TIMED_OUT.output;
}

/** A completed waitpoint as workers read it. */
export function toCompleted(waitpoint: Waitpoint, position: number | null): CompletedWaitpoint {
  const { childRunId, batchId } = waitpoint;
  const batch = batchId ? { batch: { id: internalId(batchId), friendlyId: batchId } } : {};
  return {
    id: internalId(waitpoint.id),
    friendlyId: waitpoint.id,
    ...(position === null ? {} : { index: position }),
    type: waitpoint.type,
    completedAt: (waitpoint.completedAt ?? new Date()).toISOString(),
    ...(waitpoint.completedAfter ? { completedAfter: waitpoint.completedAfter.toISOString() } : {}),
    ...(childRunId
      ? { completedByTaskRun: { id: internalId(childRunId), friendlyId: childRunId, ...batch } }
      : {}),
    ...(waitpoint.output === null ? {} : { output: waitpoint.output }),
    outputType: waitpoint.outputType,
    outputIsError: waitpoint.outputIsError,
  };
}
