import {
  createWriteStream,
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

/** `<runId>.pid` of each run whose end the engine has not accepted yet: decimal pid and a newline. */
export class PidFiles {
  #dir: string;

  constructor(dir: string) {
    mkdirSync(dir, { recursive: true });
    this.#dir = dir;
  }

  write(runId: string, pid: number): void {
    writeFileSync(this.#file(runId), `${pid}\n`);
  }

  remove(runId: string): void {
    rmSync(this.#file(runId), { force: true });
  }

  /** What is there now; a damaged file counts with pid 0, so that its run is not forgotten. */
  list(): { runId: string; pid: number }[] {
    return readdirSync(this.#dir)
      .filter((name) => /^run_\w+\.pid$/.test(name))
      .map((name) => ({ runId: name.slice(0, -4), pid: this.#read(name) }));
  }

  #read(name: string): number {
    const pid = Number(readFileSync(path.join(this.#dir, name), "utf8").trim());
    return Number.isInteger(pid) && pid > 1 ? pid : 0;
  }

  #file(runId: string): string {
    return path.join(this.#dir, `${path.basename(runId)}.pid`);
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
