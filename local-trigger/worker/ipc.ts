import { z } from "zod";

/**
 * The messages of the SDK's run worker (`managed-run-worker`, 4.8.3) and of our preload, over the IPC channel of
 * `fork`. Not documented by Trigger.dev: `ipc-contract.test.ts` says when a later SDK speaks differently.
 */
const completed = z.object({
  type: z.literal("TASK_RUN_COMPLETED"),
  payload: z.looseObject({ result: z.looseObject({ ok: z.boolean() }) }),
});
const heartbeat = z.object({ type: z.literal("TASK_HEARTBEAT"), payload: z.looseObject({}) });
const uncaught = z.object({
  type: z.literal("UNCAUGHT_EXCEPTION"),
  payload: z.looseObject({
    error: z.object({ name: z.string(), message: z.string(), stack: z.string().optional() }),
  }),
});
const maxDuration = z.object({
  type: z.literal("MAX_DURATION_EXCEEDED"),
  payload: z.looseObject({ maxDurationInSeconds: z.number(), elapsedTimeInSeconds: z.number() }),
});
const workerMessage = z.discriminatedUnion("type", [completed, heartbeat, uncaught, maxDuration]);

/** What the host acts on; the worker's other events (debug logs, suspendable) are not needed here. */
export type WorkerMessage = z.infer<typeof workerMessage>;

const packet = z.discriminatedUnion("type", [
  z.object({ type: z.literal("LONGRUN_READY"), tasks: z.array(z.string()) }),
  z.object({ type: z.literal("ACK"), id: z.number(), message: z.unknown().optional() }),
  z.object({ type: z.literal("EVENT"), id: z.number().optional(), message: z.unknown() }),
]);
export type Packet = z.infer<typeof packet>;

/** A packet of a run process, or null for one that the host does not know. */
export function readPacket(raw: unknown): Packet | null {
  return packet.safeParse(raw).data ?? null;
}

/** The event in a packet, or null for one that the host has no use for. */
export function readWorkerMessage(raw: unknown): WorkerMessage | null {
  return workerMessage.safeParse(raw).data ?? null;
}

/** What the host sends: an event of the given type, with an id when an acknowledgement is wanted. */
export function eventPacket(type: string, payload: object, id?: number): object {
  const message = { version: "v1", type, payload: { version: "v1", ...payload } };
  return id === undefined ? { type: "EVENT", message } : { type: "EVENT", id, message };
}
