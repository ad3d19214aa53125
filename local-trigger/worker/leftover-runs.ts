import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Log } from "../log.ts";
import type { EngineClient } from "./engine-client.ts";
import type { PidFiles } from "./run-files.ts";

/**
 * Frees the runs that a killed predecessor left behind: ends the processes that still live, tells the engine, and
 * only then forgets them.
 */
export async function freeLeftoverRuns(deps: {
  pidFiles: PidFiles;
  engine: EngineClient;
  log: Log;
}): Promise<void> {
  const leftovers = deps.pidFiles.list();
  if (leftovers.length === 0) return;
  const alive = leftovers.filter(({ runId, pid }) => pid > 1 && isRunProcess(pid, runId));
  for (const { pid } of alive) kill(pid);
  const runIds = leftovers.map(({ runId }) => runId);
  await deps.engine.disconnect(runIds);
  for (const runId of runIds) deps.pidFiles.remove(runId);
  for (const { runId, pid } of leftovers) deps.log.info("leftover-run-freed", { runId, pid });
  deps.log.info("leftover-runs-freed", { runs: runIds.length, killed: alive.length });
}

/** The preload puts the run's id into the process title, so a reused pid is never taken for ours. */
function isRunProcess(pid: number, runId: string): boolean {
  try {
    return commandLine(pid).includes(runId);
  } catch {
    return false;
  }
}

function commandLine(pid: number): string {
  if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  return execFileSync("ps", ["-p", String(pid), "-o", "command="], { encoding: "utf8" });
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself in the meantime.
  }
}
