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

/**
 * An error as the log may have it: its name, the code and constraint of a database's, and the first line of its message without
 * what is quoted there. Postgres and JSON.parse quote the very value that they stumbled over, which may be people's words.
 */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `A thrown ${typeof error}`;
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  const marks = [code, constraint].filter((mark) => typeof mark === "string").join(" ");
  return `${error.name}${marks && ` ${marks}`}: ${withoutQuotes(error.message.split("\n")[0] ?? "")}`;
}

/** From the first quotation mark to the last: the words in between may hold some of their own. */
function withoutQuotes(line: string): string {
  return line.replace(/["'`].*["'`]|["'`].*$/, '"…"');
}

// Not through process.stdout: one line that a full disk refuses would end that stream, and with it the process.
function writeToStdout(line: string): void {
  try {
    writeSync(1, `${line}\n`);
  } catch {
    // The next line may find room again.
  }
}
