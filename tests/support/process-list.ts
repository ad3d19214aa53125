import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { isAlive } from "../../scripts/lib/processes.mjs";

export { isAlive };

/** Every live process whose command line or environment names that folder. */
export function processesOf(folder: string): { pid: number; command: string }[] {
  return (process.platform === "linux" ? fromProc(folder) : fromPs(folder)).filter(({ pid }) => isAlive(pid));
}

function fromProc(folder: string): { pid: number; command: string }[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    const command = read(`/proc/${pid}/cmdline`);
    const belongs = command.includes(folder) || read(`/proc/${pid}/environ`).includes(folder);
    return belongs ? [{ pid: Number(pid), command: command.replaceAll("\0", " ").trim() }] : [];
  });
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function fromPs(folder: string): { pid: number; command: string }[] {
  const { stdout } = spawnSync("ps", ["axeww", "-o", "pid=,command="], { encoding: "utf8" });
  const lines = stdout.split("\n").filter((line) => line.includes(folder));
  return lines.map((line) => ({ pid: Number.parseInt(line, 10), command: line.replace(/^\s*\d+\s+/, "") }));
}
