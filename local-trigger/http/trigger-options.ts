import { z } from "zod";
import { momentAfter } from "../runs/duration.ts";
import { limitRow } from "../runs/queue-names.ts";
import type { TriggerInput } from "../runs/triggers.ts";
import { badRequest, HttpError } from "./errors.ts";

const queueName = /^(?!limit\/)[A-Za-z0-9_/-]{1,128}$/;
const limitName = /^[A-Za-z0-9_-]{1,122}$/;
const concurrencyKey = z.union([z.string(), z.number()]).transform(String).pipe(z.string().min(1).max(128));
const tags = z.union([z.string().max(128), z.array(z.string().max(128)).max(10)]);
/** The options of a trigger, as far as they mean something here. */
export const triggerOptions = z.looseObject({
  payloadType: z.string().optional(),
  tags: tags.optional(),
  metadata: z.unknown().optional(),
  metadataType: z.string().optional(),
  delay: z.string().optional(),
  ttl: z.union([z.string(), z.number().int().nonnegative()]).optional(),
  idempotencyKey: z.string().max(2048).optional(),
  idempotencyKeyTTL: z.string().optional(),
  maxAttempts: z.number().int().positive().optional(),
  maxDuration: z.number().positive().optional(),
  parentRunId: z.string().optional(),
  resumeParentOnCompletion: z.boolean().optional(),
  lockToVersion: z.string().optional(),
  test: z.boolean().optional(),
  queue: z
    .object({
      name: z.string().regex(queueName),
      concurrencyLimit: z.number().int().nonnegative().optional(),
    })
    .optional(),
  concurrency: z.array(z.string().regex(limitName)).max(2).optional(),
  concurrencyKey: concurrencyKey.optional(),
  /** Seconds. */
  priority: z.number().nonnegative().optional(),
});
type Options = z.infer<typeof triggerOptions>;

const KEY_TTL = "30d";

/** Options that would change when or how often a task runs: a run without them is not the one that was asked for. */
const NOT_SERVED: Record<string, string> = {
  debounce: "local-trigger does not debounce: trigger with delay and an idempotencyKey instead.",
  gates: "local-trigger has no gates: name limits in concurrency instead.",
};

/** What a caller sends to trigger a task, as the engine takes it. */
export function inputOf(
  task: string,
  payload: unknown,
  given: Options,
  requestKey: string | undefined,
): TriggerInput {
  const unserved = Object.keys(NOT_SERVED).find((name) => given[name] !== undefined);
  if (unserved) throw new HttpError(422, NOT_SERVED[unserved] ?? unserved);
  const delayUntil = given.delay === undefined ? undefined : dateOf("delay", given.delay);
  const { idempotencyKey: key, parentRunId } = given;
  const expiresAt = dateOf("idempotencyKeyTTL", given.idempotencyKeyTTL ?? KEY_TTL);
  return {
    taskIdentifier: task,
    payload: packetText(payload),
    payloadType: given.payloadType ?? "application/json",
    tags: [given.tags ?? []].flat(),
    triggerFunction: given.resumeParentOnCompletion ? "triggerAndWait" : "trigger",
    blocksParent: given.resumeParentOnCompletion ?? false,
    isTest: given.test ?? false,
    ...metadataOption(given),
    ...(key === undefined ? {} : { idempotency: { key, expiresAt } }),
    ...(requestKey === undefined ? {} : { requestKey }),
    ...(parentRunId === undefined ? {} : { parentRunId }),
    ...(delayUntil && delayUntil.getTime() > Date.now() ? { delayUntil } : {}),
    ...(given.ttl === undefined ? {} : { ttl: typeof given.ttl === "number" ? `${given.ttl}s` : given.ttl }),
    ...(given.maxAttempts === undefined ? {} : { maxAttempts: given.maxAttempts }),
    ...(given.maxDuration === undefined ? {} : { maxDuration: given.maxDuration }),
    ...(given.lockToVersion === undefined ? {} : { lockToVersion: given.lockToVersion }),
    ...placeOf(given),
  };
}

/** Where a run waits in line, and what limits it. */
function placeOf(given: Pick<Options, "queue" | "concurrency" | "concurrencyKey" | "priority">) {
  const { queue, concurrency, concurrencyKey: key, priority } = given;
  return {
    ...(queue === undefined ? {} : { queue: queue.name }),
    ...(queue?.concurrencyLimit === undefined ? {} : { queueLimit: queue.concurrencyLimit }),
    ...(concurrency === undefined ? {} : { limits: concurrency.map(limitRow) }),
    ...(key === undefined ? {} : { concurrencyKey: key }),
    ...(priority === undefined ? {} : { priorityMs: Math.round(priority * 1_000) }),
  };
}

/** Kept as JSON text whatever comes: text that is no JSON would end every subscription that meets it. */
function metadataOption({ metadata, metadataType }: Options): { metadata?: string; metadataType?: string } {
  if (metadata === undefined || metadata === null) return {};
  if (typeof metadata !== "string") return { metadata: JSON.stringify(metadata) };
  try {
    JSON.parse(metadata);
  } catch {
    throw badRequest("metadata is not valid JSON.");
  }
  return { metadata, ...(metadataType === undefined ? {} : { metadataType }) };
}

function packetText(payload: unknown): string {
  if (payload === undefined) return "{}";
  return typeof payload === "string" ? payload : JSON.stringify(payload);
}

function dateOf(name: string, value: string): Date {
  const date = momentAfter(value);
  if (!date) throw badRequest(`${name} is neither a duration such as 30s nor a date.`);
  return date;
}
