import { z } from "zod";

const port = z.coerce.number().int().min(0).max(65535);

// A key of the cloud's own form would make the SDK ask for tokens instead of signing them (it takes it for an additional key).
const cloudKey = /^tr_(dev|stg|prod|preview)_sk_[A-Za-z0-9]{24}$/;

const schema = z.object({
  TRIGGER_HOST: z.string().min(1).default("127.0.0.1"),
  TRIGGER_PORT: port.default(3030),
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, "must be a postgres:// address"),
  TRIGGER_SECRET_KEY: z
    .string()
    .min(16, "must have at least 16 characters")
    .refine((key) => !cloudKey.test(key), "must not have the form of a Trigger.dev Cloud key (tr_…_sk_…)"),
  TRIGGER_ACCESS_TOKEN: z.string().regex(/^tr_pat_\S+$/, "must begin with tr_pat_"),
  TRIGGER_PROJECT_REF: z.string().min(1).default("proj_longrun"),
  RUN_LOGS_DIR: z.string().optional(),
  INSPECTOR_HOSTS: z
    .string()
    .default("")
    .transform((text) =>
      text
        .toLowerCase()
        .split(/[\s,]+/)
        .filter(Boolean),
    )
    .refine(
      (names) => names.every((name) => /^(\[[0-9a-f:]+\]|[a-z0-9.-]+)$/.test(name)),
      "must be host names without ports, separated by commas",
    ),
  TRIGGER_RETENTION_DAYS: z.coerce.number().int().min(1).max(3650).default(14),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
});

export type Config = z.infer<typeof schema>;

/** Reads the environment; on the first wrong variable the message is one line that names it. */
export function readConfig(env: Record<string, string | undefined>): Config | { error: string } {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const name = String(issue?.path[0] ?? "");
  const problem = given[name] === undefined ? "is missing" : (issue?.message ?? "is wrong");
  return { error: `local-trigger: ${name} ${problem}.` };
}
