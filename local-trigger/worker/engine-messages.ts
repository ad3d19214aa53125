import { z } from "zod";

/** The bodies of `/engine/v1/dev/*`, as far as the host looks into them. */
const snapshot = z.looseObject({ friendlyId: z.string(), executionStatus: z.string() });

export const registeredWorker = z.object({ id: z.string(), version: z.string(), contentHash: z.string() });
export type RegisteredWorker = z.infer<typeof registeredWorker>;

const dequeuedRun = z.looseObject({
  snapshot: z.looseObject({ friendlyId: z.string() }),
  run: z.looseObject({ friendlyId: z.string(), isChild: z.boolean().optional() }),
  backgroundWorker: z.looseObject({ friendlyId: z.string() }),
});
export type DequeuedRun = z.infer<typeof dequeuedRun>;
export const dequeueAnswer = z.object({ dequeuedMessages: z.array(dequeuedRun) });

export const startAnswer = z.looseObject({
  snapshot,
  execution: z.looseObject({
    run: z.looseObject({
      id: z.string(),
      payload: z.string(),
      traceContext: z.record(z.string(), z.unknown()).optional(),
    }),
  }),
  envVars: z.record(z.string(), z.string()).optional(),
});
export type StartedAttempt = z.infer<typeof startAnswer>;

export const latestAnswer = z.looseObject({
  execution: z.looseObject({
    snapshot,
    completedWaitpoints: z.array(z.looseObject({ friendlyId: z.string() })),
  }),
});
export type LatestSnapshot = z.infer<typeof latestAnswer>["execution"];

export const completeAnswer = z.looseObject({
  result: z.looseObject({
    attemptStatus: z.enum(["RUN_FINISHED", "RETRY_IMMEDIATELY", "RETRY_QUEUED", "RUN_PENDING_CANCEL"]),
    snapshot,
  }),
});
export type CompleteResult = z.infer<typeof completeAnswer>["result"];

/** What is told about the end of an attempt. A successful one passes on what the run worker sent. */
export type Completion = { ok: boolean; id?: string; retry?: { delay: number }; [field: string]: unknown };
