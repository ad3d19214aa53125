import { createLog, describeError } from "../log.ts";
import { readConfig, type WorkerConfig } from "./config.ts";
import { WorkerHost } from "./host.ts";

const log = createLog();

function configOrExit(): WorkerConfig {
  try {
    return readConfig(process.env);
  } catch (error) {
    return fail(error);
  }
}

function fail(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

const starting = WorkerHost.start(configOrExit(), log).catch(fail);

let stopping = false;
async function stop(signal: string): Promise<void> {
  if (stopping) return;
  stopping = true;
  log.info("worker-stopping", { signal });
  // An engine that never came up must not hold the stop.
  setTimeout(() => process.exit(0), 4_800).unref();
  await (await starting).stop();
  process.exit(0);
}

process.on("SIGTERM", () => void stop("SIGTERM"));
process.on("SIGINT", () => void stop("SIGINT"));
process.on("uncaughtException", (error) => {
  log.error("worker-host-failed", { why: describeError(error) });
  process.exit(1);
});
