import { describeError, createLog } from "./log.ts";
import { readConfig } from "./config.ts";
import { startLocalTrigger } from "./start.ts";

const config = readConfig(process.env);
if ("error" in config) fail(config.error);

const log = createLog(config.LOG_LEVEL);
const server = await startLocalTrigger({
  host: config.TRIGGER_HOST,
  port: config.TRIGGER_PORT,
  databaseUrl: config.DATABASE_URL,
  secretKey: config.TRIGGER_SECRET_KEY,
  accessToken: config.TRIGGER_ACCESS_TOKEN,
  projectRef: config.TRIGGER_PROJECT_REF,
  retentionDays: config.TRIGGER_RETENTION_DAYS,
  runLogsDir: config.RUN_LOGS_DIR,
  inspectorHosts: config.INSPECTOR_HOSTS,
  log,
  onLockLost: () => fail("local-trigger: another server has taken over this database."),
}).catch((error: unknown) => fail(startProblem(error)));

for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop());

async function stop(): Promise<void> {
  log.info("server.stopping");
  try {
    await server.stop();
    process.exit(0);
  } catch (error) {
    fail(`local-trigger: stopping failed: ${describeError(error)}`);
  }
}

function startProblem(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "EADDRINUSE") {
    return `local-trigger: port ${process.env["TRIGGER_PORT"] ?? 3030} is taken. Set TRIGGER_PORT to a free one.`;
  }
  // Five characters: a code of Postgres itself, such as 3D000 for a database that is not there.
  if (/^(E[A-Z]+|[0-9A-Z]{5})$/.test(code)) {
    return `local-trigger: the database of DATABASE_URL cannot be used (${code}). Start Postgres or correct the address.`;
  }
  return `local-trigger: ${describeError(error)}`;
}

function fail(line: string): never {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}
