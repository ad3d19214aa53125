import { writeSync } from "node:fs";

type Level = "info" | "warn" | "error";

/** One line of JSON on standard output. Never pass message text, form bodies or tokens. */
export function log(level: Level, event: string, fields: Record<string, unknown> = {}): void {
  const line = { time: new Date().toISOString(), level, event, ...fields };
  // Not through process.stdout: one line that a full disk refuses would end that stream, and with it the process.
  try {
    writeSync(1, `${JSON.stringify(line)}\n`);
  } catch {
    // The next line may find room again.
  }
}

/** An error as a log may show it: its message, and where it came from. */
export function describeError(error: unknown): { error: string; stack?: string } {
  if (!(error instanceof Error)) return { error: String(error) };
  return { error: `${error.name}: ${error.message}`, ...(error.stack ? { stack: error.stack } : {}) };
}
