import { createLog, describeError } from "../log.ts";
import { readConfig } from "./config.ts";
import { WorkerHost } from "./host.ts";

const log = createLog();

function makeHost(): WorkerHost {
  try {
    return new WorkerHost(readConfig(process.env), log);
  } catch (error) {
    return fail(error);
  }
}

function fail(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

const host = makeHost();
let stopping = false;

async function stop(signal: string): Promise<void> {
  if (stopping) return;
  stopping = true;
  log.info("worker-stopping", { signal });
  await host.stop();
  process.exit(0);
}

process.on("SIGTERM", () => void stop("SIGTERM"));
process.on("SIGINT", () => void stop("SIGINT"));
process.on("SIGHUP", () => void host.deploy());
process.on("uncaughtException", (error) => {
  log.error("worker-host-failed", { why: describeError(error) });
  process.exit(1);
});

host.start().catch((error: unknown) => {
  // A stop ends the wait for an engine that never came.
  if (!stopping) fail(error);
});
