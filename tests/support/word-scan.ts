import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import type { App } from "./app.ts";

/** Where a word was found: `schema.table.column` or a file, and what stands around it. */
export type Found = { place: string; around: string };

/**
 * Looks for a word in every column of every table of every schema but Postgres's own, and in every file below the
 * folders, the database's cluster apart. Also as base64, as which bytes lie inside of JSON.
 */
export async function scanForWord(app: App, word: string, folders: string[]): Promise<Found[]> {
  return scanFor(app, [escaped(word), ...base64Forms(word).map(escaped)], folders);
}

/** The same for regular expressions, in any case. */
export async function scanFor(app: App, patterns: string[], folders: string[]): Promise<Found[]> {
  const wanted = patterns.join("|");
  return [...(await scanDatabase(app, wanted)), ...folders.flatMap((folder) => scanFiles(folder, wanted))];
}

/** The word inside of base64, at each of the three places where it may begin. */
function base64Forms(word: string): string[] {
  return [0, 1, 2].flatMap((shift) => {
    const whole = Buffer.from("\0".repeat(shift) + word).toString("base64");
    const inner = whole.replaceAll("=", "").slice(shift === 0 ? 0 : shift + 1, -1);
    return inner.length < 8 ? [] : [inner, inner.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

async function scanDatabase(app: App, wanted: string): Promise<Found[]> {
  const columns = await app.query<{ place: string; source: string; name: string; type: string }>(
    `SELECT format('%s.%s.%s', n.nspname, c.relname, a.attname) AS place,
            format('%I.%I', n.nspname, c.relname) AS source,
            format('%I', a.attname) AS name, a.atttypid::regtype::text AS type
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'm') AND a.attnum > 0 AND NOT a.attisdropped
        AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
      ORDER BY 1`,
  );
  const queries = columns.map(({ place, source, name, type }) => {
    const text =
      type === "bytea"
        ? `encode(${name}, 'escape')`
        : type === "bytea[]"
          ? `(SELECT string_agg(encode(one, 'escape'), ' ') FROM unnest(${name}) one)`
          : `${name}::text`;
    return `SELECT '${place}' AS place, substring(${text} FROM '.{0,60}(?:' || $1 || ').{0,60}') AS around
      FROM ${source} WHERE ${text} ~* $1`;
  });
  return app.query<Found>(queries.join("\nUNION ALL\n"), [wanted]);
}

function scanFiles(folder: string, pattern: string): Found[] {
  const wanted = new RegExp(`.{0,60}(?:${pattern}).{0,60}`, "i");
  return filesBelow(folder).flatMap((file): Found[] => {
    const place = path.relative(folder, file);
    if (wanted.test(place)) return [{ place, around: "the file's name" }];
    const around = wanted.exec(readIfThere(file))?.[0];
    return around === undefined ? [] : [{ place, around }];
  });
}

/** What was deleted lives on in a cluster's files until Postgres writes over it; docs/threat-model.md says so. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const at = path.join(folder, entry.name);
    if (entry.isFile()) return [at];
    if (!entry.isDirectory()) return [];
    return statSync(path.join(at, "PG_VERSION"), { throwIfNoEntry: false }) ? [] : filesBelow(at);
  });
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
