import { z } from "zod";

const tags = z.array(z.string().max(128)).max(10);
const externalId = z
  .string()
  .trim()
  .min(1)
  .max(256)
  .refine(
    (id) => !id.startsWith("session_"),
    "externalId may not begin with session_, the form of our own ids.",
  );
const deploymentId = z.string().nullable().optional();

/** What every run of a session is started from. Fields that this server does not use are kept and echoed. */
const triggerConfig = z.looseObject({
  basePayload: z.record(z.string(), z.unknown()),
  tags: tags.optional(),
  maxAttempts: z.int().positive().max(10).optional(),
  lockToVersion: z.string().optional(),
  idleTimeoutInSeconds: z.int().positive().max(3600).optional(),
  ttl: z.union([z.string(), z.int().nonnegative()]).optional(),
  maxDuration: z.int().positive().optional(),
  queue: z
    .string()
    .regex(/^(?!limit\/)[A-Za-z0-9_/-]{1,128}$/)
    .optional(),
  concurrency: z
    .array(z.string().regex(/^[A-Za-z0-9_-]{1,122}$/))
    .max(2)
    .optional(),
  concurrencyKey: z.union([z.string().min(1).max(128), z.number().transform(String)]).optional(),
});
export type TriggerConfig = z.infer<typeof triggerConfig>;

export const createSessionBody = z.object({
  type: z.string().min(1).max(64),
  externalId: externalId.optional(),
  taskIdentifier: z.string().min(1).max(128),
  triggerConfig,
  tags: tags.optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
  expiresAt: z.coerce.date().optional(),
});
export type CreateSession = z.infer<typeof createSessionBody>;

export const updateSessionBody = z.object({
  tags: tags.optional(),
  metadata: z.record(z.string(), z.unknown()).nullable().optional(),
  externalId: z.union([z.null(), externalId]).optional(),
});
export type UpdateSession = z.infer<typeof updateSessionBody>;

export const closeSessionBody = z.object({
  reason: z.string().max(256).optional(),
  callingRunId: z.string().optional(),
});
export type CloseSession = z.infer<typeof closeSessionBody>;

export const endAndContinueBody = z.object({
  callingRunId: z.string(),
  reason: z.string().max(64),
  externalDeploymentId: deploymentId,
});

const list = z
  .string()
  .optional()
  .transform((text) => text?.split(",").filter(Boolean));
const time = z.coerce.number().int().optional();

export const listSessionsQuery = z
  .object({
    "page[size]": z.coerce.number().int().min(1).max(100).default(20),
    "page[after]": z.string().optional(),
    "page[before]": z.string().optional(),
    "filter[type]": list,
    "filter[tags]": list,
    "filter[taskIdentifier]": list,
    "filter[externalId]": z.string().optional(),
    "filter[status]": list.pipe(z.array(z.enum(["ACTIVE", "CLOSED", "EXPIRED"])).optional()),
    "filter[createdAt][period]": z
      .string()
      .regex(/^\d+[smhdw]$/)
      .optional(),
    "filter[createdAt][from]": time,
    "filter[createdAt][to]": time,
  })
  .refine(
    (query) => !(query["page[after]"] && query["page[before]"]),
    "page[after] and page[before] cannot both be given.",
  );
export type ListSessions = z.infer<typeof listSessionsQuery>;
