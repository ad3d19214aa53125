/** A row of the run feed before encoding. Dates and arrays as such, everything else as text, number or boolean. */
export type ShapeRow = Record<ShapeColumn, string | number | boolean | Date | string[] | object | null>;

const COLUMNS = {
  id: "text",
  taskIdentifier: "text",
  createdAt: "timestamp",
  updatedAt: "timestamp",
  startedAt: "timestamp",
  delayUntil: "timestamp",
  queuedAt: "timestamp",
  expiredAt: "timestamp",
  completedAt: "timestamp",
  friendlyId: "text",
  number: "int4",
  isTest: "bool",
  status: "text",
  usageDurationMs: "int4",
  costInCents: "float8",
  baseCostInCents: "float8",
  ttl: "text",
  payload: "text",
  payloadType: "text",
  metadata: "text",
  metadataType: "text",
  output: "text",
  outputType: "text",
  runTags: "text[]",
  error: "jsonb",
  realtimeStreams: "text[]",
} as const;

export type ShapeColumn = keyof typeof COLUMNS;

const NAMES = Object.keys(COLUMNS) as ShapeColumn[];
// Without these the client cannot read a row at all.
const ALWAYS: ReadonlySet<string> = new Set([
  "id",
  "taskIdentifier",
  "friendlyId",
  "status",
  "createdAt",
  "updatedAt",
]);

export type ShapeMessage =
  | { key: string; value: Record<string, string | null>; headers: { operation: "insert" | "update" } }
  | { headers: { control: "up-to-date" } };

/** The reader shows what it has got so far only once it is told that this is all. */
export const UP_TO_DATE: ShapeMessage = { headers: { control: "up-to-date" } };

/** The columns that are sent when the caller does not want those in `skip`. */
export function shapeColumns(skip: ReadonlySet<string>): ShapeColumn[] {
  return NAMES.filter((name) => !skip.has(name) || ALWAYS.has(name));
}

/** The value of the header `electric-schema`. */
export function shapeSchema(columns: ShapeColumn[]): string {
  const types = columns.map((name) => {
    const type = COLUMNS[name];
    return [name, type === "text[]" ? { type: "text", dims: 1 } : { type }];
  });
  return JSON.stringify(Object.fromEntries(types));
}

/** One row as the feed sends it: each value as Postgres would print it, or null. */
export function shapeChange(
  row: ShapeRow,
  columns: ShapeColumn[],
  operation: "insert" | "update",
): ShapeMessage {
  const value = Object.fromEntries(columns.map((name) => [name, encode(name, row[name])]));
  return { key: `"public"."TaskRun"/"${encode("id", row.id) ?? ""}"`, value, headers: { operation } };
}

function encode(name: ShapeColumn, value: ShapeRow[ShapeColumn]): string | null {
  if (value === null) return null;
  if (Array.isArray(value)) return encodeArray(name, value);
  // The client puts the Z behind it itself.
  if (value instanceof Date) return value.toISOString().slice(0, -1);
  if (typeof value === "boolean") return value ? "t" : "f";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function encodeArray(name: ShapeColumn, items: string[]): string | null {
  if (items.length === 0 && name === "runTags") return null;
  const quoted = items.map((item) => `"${item.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`);
  return `{${quoted.join(",")}}`;
}
