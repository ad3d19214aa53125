import type { ExecutionStatus } from "./run-status.ts";

/** A waitpoint that is complete, in the form in which workers read it. */
export type CompletedWaitpoint = {
  id: string;
  friendlyId: string;
  index?: number;
  type: "MANUAL" | "DATETIME" | "RUN";
  completedAt: string;
  completedAfter?: string;
  completedByTaskRun?: { id: string; friendlyId: string; batch?: { id: string; friendlyId: string } };
  output?: string;
  outputType: string;
  outputIsError: boolean;
};

/** One state of a run as workers see it. `friendlyId` is the `snapshot_…` form. */
export type Snapshot = {
  id: string;
  runId: string;
  attempt: number;
  executionStatus: ExecutionStatus;
  description: string;
  completedWaitpoints: CompletedWaitpoint[];
  createdAt: Date;
};

/** The id without its prefix, which the wire wants beside the `…_` form. */
export function internalId(friendlyId: string): string {
  return friendlyId.slice(friendlyId.indexOf("_") + 1);
}
