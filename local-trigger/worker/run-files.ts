import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";

const MAX_LOG_BYTES = 1_048_576;
const KEPT_LOGS = 200;

/**
 * What a killed host leaves to its successor. `<runId>.pid` of each run process whose end the engine has not accepted
 * yet: decimal pid and a newline. `<runId>.claimed` of each run that was taken from the queue.
 */
export class PidFiles {
  #dir: string;

  constructor(dir: string) {
    mkdirSync(dir, { recursive: true });
    this.#dir = dir;
  }

  claim(runId: string): void {
    this.#write(runId, "claimed", "");
  }

  write(runId: string, pid: number): void {
    this.#write(runId, "pid", `${pid}\n`);
  }

  // A full disk must not end the run. Its process ends with this host; where nothing tells the next one of it, the
  // engine finds out by itself that nobody is heard of.
  #write(runId: string, kind: string, text: string): void {
    try {
      writeFileSync(this.#file(runId, kind), text);
    } catch {
      return;
    }
  }

  remove(runId: string): void {
    for (const kind of ["pid", "claimed"]) rmSync(this.#file(runId, kind), { force: true });
  }

  /** What is there now; without a readable pid it is 0. */
  list(): { runId: string; pid: number }[] {
    const runIds = readdirSync(this.#dir).flatMap(
      (name) => /^(run_\w+)\.(pid|claimed)$/.exec(name)?.[1] ?? [],
    );
    return [...new Set(runIds)].map((runId) => ({ runId, pid: this.#read(runId) }));
  }

  #read(runId: string): number {
    const file = this.#file(runId, "pid");
    const pid = existsSync(file) ? Number(readFileSync(file, "utf8").trim()) : 0;
    return Number.isInteger(pid) && pid > 1 ? pid : 0;
  }

  #file(runId: string, kind: string): string {
    return path.join(this.#dir, `${path.basename(runId)}.${kind}`);
  }
}

export type RunLog = { write: (chunk: string) => void; end: () => void };

/** What run processes print, one file a run, each at most 1 MiB; the newest 200 are kept. */
export class RunLogs {
  #dir: string;

  constructor(dir: string) {
    mkdirSync(dir, { recursive: true });
    this.#dir = dir;
  }

  open(runId: string): RunLog {
    this.#prune();
    const stream = createWriteStream(path.join(this.#dir, `${path.basename(runId)}.log`), {
      flags: "a",
      mode: 0o600,
    });
    // A full disk must not end the host; the run goes on without its log.
    stream.on("error", () => {});
    let left = MAX_LOG_BYTES;
    return {
      write(chunk) {
        if (left <= 0) return;
        left -= Buffer.byteLength(chunk);
        stream.write(left > 0 ? chunk : `${chunk.slice(0, 1000)}\n[the rest is left out: the log is full]\n`);
      },
      end: () => stream.end(),
    };
  }

  #prune(): void {
    const names = readdirSync(this.#dir).filter((name) => name.endsWith(".log"));
    if (names.length < KEPT_LOGS) return;
    const byAge = names.map((name) => ({ name, at: this.#modifiedAt(name) })).sort((a, b) => b.at - a.at);
    for (const { name } of byAge.slice(KEPT_LOGS - 1)) rmSync(path.join(this.#dir, name), { force: true });
  }

  #modifiedAt(name: string): number {
    return statSync(path.join(this.#dir, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  }
}
