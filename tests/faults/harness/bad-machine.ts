import { spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The fields of `struct machine` in bad-machine.c: where each lies. */
const CLOCK_MS = 0;
const DISK_FULL = 8;
const SYNC_FAILS = 12;
const REFUSED_WRITES = 16;
const FAILED_SYNCS = 20;
const SHIFTED_CLOCKS = 24;
const SIZE = 32;

const source = fileURLToPath(new URL("./bad-machine.c", import.meta.url));

/** The machine that an application believes to run on. Every change holds at once, in all of its processes. */
export class BadMachine {
  readonly #folder = mkdtempSync(path.join(tmpdir(), "longrun-machine-"));
  readonly #state: number;
  /** For the application's environment. */
  readonly env: Record<string, string>;

  constructor() {
    const library = path.join(this.#folder, "bad-machine.so");
    const made = spawnSync("cc", ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], {
      encoding: "utf8",
    });
    if (made.status !== 0) throw new Error(`bad-machine.c does not compile: ${made.stderr}`);
    const file = path.join(this.#folder, "state");
    writeFileSync(file, Buffer.alloc(SIZE));
    // Postgres may run as somebody else.
    chmodSync(this.#folder, 0o755);
    chmodSync(file, 0o666);
    this.#state = openSync(file, "r+");
    this.env = { LD_PRELOAD: library, BAD_MACHINE_FILE: file };
  }

  /** Where there is no C compiler, or the system does not preload, there is no bad machine to be had. */
  static isPossible(): boolean {
    return process.platform === "linux" && spawnSync("cc", ["--version"]).status === 0;
  }

  /** While full, nothing in the application's folder can grow. */
  diskFull(full: boolean): void {
    this.#set(DISK_FULL, full);
  }

  /** While so, nothing in the application's folder can be made durable. */
  syncFails(fails: boolean): void {
    this.#set(SYNC_FAILS, fails);
  }

  /** How far the wall clock is off. */
  clock(minutes: number): void {
    const value = Buffer.alloc(8);
    value.writeBigInt64LE(BigInt(minutes * 60_000));
    writeSync(this.#state, value, 0, 8, CLOCK_MS);
  }

  /** How often a fault met somebody so far. */
  get met(): { writes: number; syncs: number; clocks: number } {
    return {
      writes: this.#get(REFUSED_WRITES),
      syncs: this.#get(FAILED_SYNCS),
      clocks: this.#get(SHIFTED_CLOCKS),
    };
  }

  heal(): void {
    this.diskFull(false);
    this.syncFails(false);
    this.clock(0);
  }

  dispose(): void {
    closeSync(this.#state);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #set(at: number, on: boolean): void {
    const value = Buffer.alloc(4);
    value.writeInt32LE(on ? 1 : 0);
    writeSync(this.#state, value, 0, 4, at);
  }

  #get(at: number): number {
    const value = Buffer.alloc(4);
    readSync(this.#state, value, 0, 4, at);
    return value.readInt32LE();
  }
}
