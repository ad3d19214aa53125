// What the system says of a process. Plain Node only.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Whether a process lives; a zombie does not. */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
  try {
    return !/^\d+ \(.*\) Z/s.test(fs.readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}

/** The command line of a process, or null where the system does not tell. */
export function commandOf(pid) {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    const { status, stdout } = spawnSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
    return status === 0 ? stdout.trim() : null;
  }
}

/** SIGTERM, and SIGKILL for one that is still there after `graceMs`. Resolves when it is gone. */
export async function end(pid, graceMs = 5000) {
  const signal = (name) => {
    try {
      process.kill(pid, name);
    } catch {
      // gone already
    }
  };
  signal("SIGTERM");
  for (const deadline = Date.now() + graceMs; isAlive(pid); await sleep(20)) {
    if (Date.now() > deadline) signal("SIGKILL");
  }
}

/** Ends what a process that has ended left behind in the group that it led. */
export function endGroup(pid) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // nothing was left
  }
}
