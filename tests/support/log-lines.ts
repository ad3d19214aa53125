import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { App } from "./app.ts";

/** One line of a log; the fields of its JSON, as far as it is some. */
export type LogLine = { file: string; text: string; time?: string; level?: string; event?: string };

/** The lines of one log in DATA_DIR/logs, or of all. */
export function logLines(app: App, only?: string): LogLine[] {
  const folder = path.join(app.dataDir, "logs");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => file.endsWith(".log") && (only === undefined || file === only))
    .flatMap((file) =>
      readFileSync(path.join(folder, file), "utf8")
        .split("\n")
        .filter((text) => text !== "")
        .map((text) => ({ ...fieldsOf(text), file, text })),
    );
}

function fieldsOf(text: string): object {
  try {
    return JSON.parse(text) as object;
  } catch {
    return {};
  }
}
