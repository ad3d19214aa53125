// One supervised process: pid file, log file, restart with back-off.
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { holderOf } from "./lock.mjs";
import { end, endGroup, isAlive } from "./processes.mjs";

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;
const STEADY_AFTER_MS = 20_000; // a process that lived this long starts again without delay
const LOG_LIMIT = 10 * 1024 * 1024;

/** Moves a long log aside, so that logs take at most twice the limit. */
function openLog(file) {
  const size = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_LIMIT) fs.renameSync(file, `${file}.1`);
  return fs.openSync(file, "a", 0o600);
}

/**
 * A process that is kept alive. It writes straight to its log file, not to a pipe of ours, so that it
 * survives the supervisor; the next supervisor ends it by its pid file.
 */
export class Part {
  #stopping = false;
  #child = null;
  #delay = FIRST_DELAY_MS;
  #started = false;

  /** @param {{ name: string, mark: string, dataDir: string, command: string, args: string[], cwd: string, env: Record<string, string>, say: (line: string) => void }} options */
  constructor(options) {
    Object.assign(this, options);
    this.pidFile = path.join(options.dataDir, "run", `${options.name}.pid`);
    this.logFile = path.join(options.dataDir, "logs", `${options.name}.log`);
    // While this file exists the part is not started again: for maintenance, and for tests of its absence.
    this.holdFile = path.join(options.dataDir, "run", `${options.name}.hold`);
  }

  /** Ends what an earlier, killed supervisor left running. */
  async endLeftover() {
    const pid = holderOf(this.pidFile, this.mark);
    if (pid !== null) {
      await end(pid);
      endGroup(pid);
    }
    fs.rmSync(this.pidFile, { force: true });
  }

  start() {
    if (this.#started) return;
    this.#started = true;
    void this.#run();
  }

  get pid() {
    return this.#child?.pid;
  }

  /** The last lines of the log, for an error message. */
  lastWords(lines = 5) {
    try {
      return fs.readFileSync(this.logFile, "utf8").trim().split("\n").slice(-lines).join("\n");
    } catch {
      return "";
    }
  }

  async #run() {
    while (!this.#stopping) {
      if (fs.existsSync(this.holdFile)) {
        await sleep(100);
        continue;
      }
      const startedAt = performance.now();
      const how = await this.#once().catch((error) => error.message);
      if (this.#stopping) return;
      if (performance.now() - startedAt > STEADY_AFTER_MS) this.#delay = FIRST_DELAY_MS;
      this.say(`${this.name} ended (${how}); starting it again`);
      await sleep(this.#delay);
      this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY_MS);
    }
  }

  #once() {
    return new Promise((resolve) => {
      const log = openLog(this.logFile);
      // A group of its own: Ctrl-C reaches only the supervisor, which then stops the parts in order.
      const child = spawn(this.command, this.args, {
        cwd: this.cwd,
        env: this.env,
        stdio: ["ignore", log, log],
        detached: true,
      });
      fs.closeSync(log);
      this.#child = child;
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code, signal) => {
        this.#child = null;
        endGroup(child.pid);
        fs.rmSync(this.pidFile, { force: true });
        resolve(signal ?? `exit ${code}`);
      });
      if (child.pid) this.#notePid(child);
    });
  }

  /** On a full disk the process ends: the next supervisor would not find it. */
  #notePid(child) {
    try {
      fs.writeFileSync(this.pidFile, `${child.pid}\n`);
    } catch (error) {
      this.say(`${this.name} has no pid file (${error.message})`);
      child.kill("SIGKILL");
    }
  }

  async stop(graceMs = 6000) {
    this.#stopping = true;
    const pid = this.#child?.pid;
    if (!pid) return;
    if (isAlive(pid)) await end(pid, graceMs);
    endGroup(pid);
    // Not left to the exit event: the supervisor may leave before it.
    fs.rmSync(this.pidFile, { force: true });
  }
}
