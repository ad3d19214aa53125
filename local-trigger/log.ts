import { writeSync } from "node:fs";

export type LogLevel = "debug" | "info" | "warn" | "error";
type LogFields = Record<string, string | number | boolean | null | undefined>;

/** One JSON object a line on stdout. Fields are ids, numbers and states: never message text, never tokens. */
export type Log = Record<LogLevel, (event: string, fields?: LogFields) => void>;

const order: LogLevel[] = ["debug", "info", "warn", "error"];

/** A log that writes lines from `level` upwards to `write` (standard output when not given). */
export function createLog(level: LogLevel = "info", write: (line: string) => void = writeToStdout): Log {
  const emit =
    (at: LogLevel) =>
    (event: string, fields: LogFields = {}) => {
      if (order.indexOf(at) < order.indexOf(level)) return;
      write(JSON.stringify({ time: new Date().toISOString(), level: at, event, ...fields }));
    };
  return { debug: emit("debug"), info: emit("info"), warn: emit("warn"), error: emit("error") };
}

/** The name and first line of an error, safe to log: SQL parameters and bodies are never part of it. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error).split("\n")[0] ?? "";
  return `${error.name}: ${error.message.split("\n")[0]}`;
}

// Not through process.stdout: one line that a full disk refuses would end that stream, and with it the process.
function writeToStdout(line: string): void {
  try {
    writeSync(1, `${line}\n`);
  } catch {
    // The next line may find room again.
  }
}
