#!/usr/bin/env node
// `npm start`: installs and builds what is missing, then starts and supervises Postgres, local-trigger,
// the worker host and the web server, each a process of its own. `--dev`: hot reload instead of builds.
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { readConfig, StartError } from "./lib/config.mjs";
import { prepareDataFolder } from "./lib/data-folder.mjs";
import { ensureInstalled } from "./lib/install.mjs";
import { tryLock, unlock } from "./lib/lock.mjs";
import { isOwnAddress } from "./lib/ports.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const dev = process.argv.includes("--dev");
const startedAt = Date.now();
const say = (line) => console.log(`longrun  ${line}`);

async function main() {
  const config = readConfig(process.env, root);
  await checkAddress("HOST", config.host);
  if (config.local) await checkAddress("TRIGGER_HOST", config.triggerHost);
  prepareDataFolder(config.dataDir);
  const lock = path.join(config.dataDir, "run", "supervisor.pid");
  const other = await takeLock(lock);
  if (other !== null) {
    throw new StartError(
      `Longrun already runs on ${config.dataDir} (process ${other}). Stop it, or set DATA_DIR, PORT and TRIGGER_PORT to start another.`,
    );
  }
  process.on("exit", () => unlock(lock));
  await ensureInstalled(root, say);
  // From here on packages may be used.
  const { Supervisor } = await import("./lib/supervisor.mjs");
  const supervisor = new Supervisor({ config, dev, say });
  const stop = () => {
    fs.writeFileSync(goingFile(lock), "");
    supervisor.stop().then(
      () => process.exit(0),
      (error) => fail(error),
    );
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stop);
  if (process.env.npm_lifecycle_event) onOrphaned(stop);
  const url = await supervisor.start();
  if (url === null) return; // a signal came first
  say(
    `started in ${((Date.now() - startedAt) / 1000).toFixed(1)} s; data in ${path.relative(process.cwd(), config.dataDir) || "."}; Ctrl-C stops everything`,
  );
  console.log(`ready ${url}`);
}

async function checkAddress(name, host) {
  if (await isOwnAddress(host)) return;
  throw new StartError(
    `${name} is "${host}", which is no address of this machine. Use 127.0.0.1, or 0.0.0.0 for every network.`,
  );
}

/** Exists while the holder of the lock stops. */
const goingFile = (lock) => `${lock}.stopping`;

/** Takes the lock, or answers who keeps it. One that is just stopping, or whose npm was killed, is waited for. */
async function takeLock(lock) {
  for (const since = Date.now(); ; await sleep(50)) {
    const other = tryLock(lock, "start.mjs");
    if (other === null) {
      fs.rmSync(goingFile(lock), { force: true });
      return null;
    }
    const waited = Date.now() - since;
    if (waited > (fs.existsSync(goingFile(lock)) ? 15_000 : 1_000)) return other;
  }
}

/** After a kill -9 of npm nobody would pass us a signal any more: what it started ends with it. */
function onOrphaned(stop) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, 250);
  timer.unref();
}

/** The one line that names the fix; anything unforeseen with its stack. */
function fail(error) {
  console.error(error instanceof StartError ? `longrun  ${error.message}` : error);
  process.exit(1);
}

main().catch(fail);
