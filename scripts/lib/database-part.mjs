// The embedded Postgres as a supervised part: found or started, watched, started again.
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureDatabase } from "./migrate.mjs";
import { startPostgres, stopPostgres } from "./postgres.mjs";
import { isAlive } from "./processes.mjs";

const NAME = "longrun";
const WATCH_EVERY_MS = 200;

export class Database {
  #pid = 0;
  #noted = 0;
  #stopping = false;

  /** @param {{ dataDir: string, say: (line: string) => void }} options */
  constructor({ dataDir, say }) {
    this.dataDir = dataDir;
    this.say = say;
    this.pidFile = path.join(dataDir, "run", "postgres.pid");
    // As of every part: while this file exists it is not started again.
    this.holdFile = path.join(dataDir, "run", "postgres.hold");
  }

  /** Starts or adopts the server and returns the URL of our database in it. */
  async start() {
    const server = await this.#launch();
    await ensureDatabase(server.url(NAME), server.url("postgres"));
    void this.#watch();
    return server.url(NAME);
  }

  async #launch() {
    const server = await startPostgres({ dataDir: this.dataDir });
    this.#pid = server.pid;
    this.#notePid();
    return server;
  }

  /** The server may be an orphan of an earlier supervisor, so its end is seen by looking. */
  async #watch() {
    while (!this.#stopping) {
      await sleep(WATCH_EVERY_MS);
      if (this.#stopping) return;
      if (isAlive(this.#pid)) {
        this.#notePid();
        continue;
      }
      if (fs.existsSync(this.holdFile)) continue;
      this.say("postgres ended; starting it again");
      try {
        await this.#launch();
      } catch (error) {
        this.say(error.message);
        await sleep(1000);
      }
    }
  }

  /** Where a full disk refuses it, it is tried again at the next look. */
  #notePid() {
    if (this.#noted === this.#pid) return;
    try {
      fs.writeFileSync(this.pidFile, `${this.#pid}\n`);
      this.#noted = this.#pid;
    } catch (error) {
      this.say(`postgres has no pid file yet (${error.message})`);
    }
  }

  async stop() {
    this.#stopping = true;
    await stopPostgres(this.#pid);
    fs.rmSync(this.pidFile, { force: true });
  }
}
