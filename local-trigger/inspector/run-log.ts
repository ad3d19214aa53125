import { open, stat } from "node:fs/promises";
import path from "node:path";

const tailBytes = 32 * 1024;

/** The file of what a run printed; null where none can be. */
function logFile(folder: string | undefined, runId: string): string | null {
  return folder === undefined || !/^run_\w+$/.test(runId) ? null : path.join(folder, `${runId}.log`);
}

/** How long a run's log is by now. */
export async function runLogSize(folder: string | undefined, runId: string): Promise<number> {
  const name = logFile(folder, runId);
  return name === null
    ? 0
    : stat(name).then(
        ({ size }) => size,
        () => 0,
      );
}

/** The end of what a run printed, and how much more there is before it; null where no such file is. */
export async function readRunLog(
  folder: string | undefined,
  runId: string,
): Promise<{ text: string; before: number } | null> {
  const name = logFile(folder, runId);
  const file = name === null ? null : await open(name, "r").catch(() => null);
  if (!file) return null;
  try {
    const { size } = await file.stat();
    const before = Math.max(0, size - tailBytes);
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - before), position: before });
    const text = buffer.subarray(0, bytesRead).toString();
    // The cut may fall into a line, and into a character.
    return { text: before === 0 ? text : text.slice(text.indexOf("\n") + 1), before };
  } finally {
    await file.close();
  }
}
