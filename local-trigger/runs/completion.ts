import { z } from "zod";
import type { RunEvent } from "./run-machine.ts";
import type { RunChange } from "./run-store.ts";

const error = z.looseObject({ type: z.string(), code: z.unknown().optional() });
const usage = z.object({ durationMs: z.number() }).optional();
const flushedMetadata = z.unknown().optional();

/** What a worker says of an attempt that ended. */
export const completion = z.discriminatedUnion("ok", [
  z.object({
    ok: z.literal(true),
    output: z.string().optional(),
    outputType: z.string().optional(),
    usage,
    flushedMetadata,
  }),
  z.object({
    ok: z.literal(false),
    error,
    retry: z.object({ timestamp: z.number(), delay: z.number() }).optional(),
    usage,
    flushedMetadata,
  }),
]);
export type Completion = z.infer<typeof completion>;

/** The event that a completion is for the state machine. */
export function eventOf(result: Completion): RunEvent {
  if (result.ok) return { type: "succeeded" };
  const retryInMs = result.retry ? Math.max(0, result.retry.timestamp - Date.now()) : undefined;
  return { type: "failed", error: result.error, ...(retryInMs === undefined ? {} : { retryInMs }) };
}

/** What of a completion is kept in the run. */
export function changeOf(result: Completion, usageBeforeMs: number): RunChange {
  const usageDurationMs = Math.round(usageBeforeMs + (result.usage?.durationMs ?? 0));
  if (!result.ok) return { error: result.error, usageDurationMs };
  return {
    output: result.output ?? null,
    outputType: result.outputType ?? "application/json",
    error: null,
    usageDurationMs,
  };
}
