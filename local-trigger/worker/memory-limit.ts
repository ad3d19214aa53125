import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import type { Log } from "../log.ts";
import type { RunProcess } from "./run-process.ts";

const LOOK_MS = 1_000;
const run = promisify(execFile);

/** Ends run processes that take more memory than they may, what they hold outside of the heap included. */
export class MemoryLimit {
  #limitMb: number;
  #log: Log;
  #processes = new Set<RunProcess>();
  #timer: NodeJS.Timeout;

  constructor({ limitMb, log }: { limitMb: number; log: Log }) {
    this.#limitMb = limitMb;
    this.#log = log;
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
  }

  watch(process: RunProcess): void {
    this.#processes.add(process);
    void process.exited.then(() => this.#processes.delete(process));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const taken = await residentMb([...this.#processes].map(({ pid }) => pid)).catch(
      () => new Map<number, number>(),
    );
    for (const process of this.#processes) {
      const mb = taken.get(process.pid) ?? 0;
      if (mb <= this.#limitMb) continue;
      const { pid, runIds } = process;
      this.#log.warn("run-process-took-too-much-memory", { ...runIds, pid, mb, limitMb: this.#limitMb });
      process.killForMemory();
    }
  }
}

/** MiB that processes hold in memory, by pid; one that is gone is left out. */
async function residentMb(pids: number[]): Promise<Map<number, number>> {
  if (pids.length === 0) return new Map();
  if (process.platform === "linux") return new Map(pids.flatMap((pid) => residentOnLinux(pid)));
  const { stdout } = await run("ps", ["-o", "pid=,rss=", "-p", pids.join(",")]);
  const rows = stdout.trim().split("\n");
  return new Map(
    rows.map((row) => {
      const [pid = 0, kb = 0] = row.trim().split(/\s+/).map(Number);
      return [pid, Math.round(kb / 1024)];
    }),
  );
}

function residentOnLinux(pid: number): [number, number][] {
  try {
    const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kb === undefined ? [] : [[pid, Math.round(Number(kb) / 1024)]];
  } catch {
    return [];
  }
}
