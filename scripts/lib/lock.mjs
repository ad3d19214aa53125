// Locks that are files which hold a pid: they free themselves when their holder is gone.
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { commandOf, isAlive } from "./processes.mjs";

/** The live process that a pid file names, or null. `mark` is a word of its command line: pids are used again. */
export function holderOf(file, mark) {
  let pid;
  try {
    pid = Number(fs.readFileSync(file, "utf8"));
  } catch {
    return null;
  }
  if (!pid || pid === process.pid || !isAlive(pid)) return null;
  const command = commandOf(pid);
  return command === null || command.includes(mark) ? pid : null;
}

/** Takes the lock, or returns the pid of the one who has it. */
export function tryLock(file, mark) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const own = `${file}.${process.pid}`;
  fs.writeFileSync(own, `${process.pid}\n`);
  try {
    for (;;) {
      try {
        fs.linkSync(own, file); // fails when the file exists: of two, one gets it
        return null;
      } catch (error) {
        if (error.code !== "EEXIST") throw error;
      }
      const holder = holderOf(file, mark);
      if (holder !== null) return holder;
      fs.rmSync(file, { force: true });
    }
  } finally {
    fs.rmSync(own, { force: true });
  }
}

/** Gives the lock back if it is ours. */
export function unlock(file) {
  try {
    if (Number(fs.readFileSync(file, "utf8")) === process.pid) fs.rmSync(file, { force: true });
  } catch {
    // gone already
  }
}

/** Runs `work` while no other process of this project runs work under the same lock. */
export async function withLock(file, mark, work) {
  while (tryLock(file, mark) !== null) await sleep(200);
  try {
    return await work();
  } finally {
    unlock(file);
  }
}
