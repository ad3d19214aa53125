import { isDeepStrictEqual } from "node:util";
import { z } from "zod";

const key = z.string();
const operation = z.discriminatedUnion("type", [
  z.object({ type: z.literal("set"), key, value: z.unknown() }),
  z.object({ type: z.literal("delete"), key }),
  z.object({ type: z.literal("append"), key, value: z.unknown() }),
  z.object({ type: z.literal("remove"), key, value: z.unknown() }),
  z.object({ type: z.literal("increment"), key, value: z.number() }),
  z.object({ type: z.literal("update"), value: z.record(z.string(), z.unknown()) }),
]);
export type MetadataOperation = z.infer<typeof operation>;

/** A change of a run's metadata and of its parent's and root's. `metadata` replaces the run's own first. */
export const metadataChange = z.object({
  metadata: z.record(z.string(), z.unknown()).optional(),
  operations: z.array(operation).optional(),
  parentOperations: z.array(operation).optional(),
  rootOperations: z.array(operation).optional(),
});
export type MetadataChange = z.infer<typeof metadataChange>;

type Metadata = Record<string, unknown>;
type Path = [string, ...string[]];

const UNSAFE = new Set(["__proto__", "constructor", "prototype"]);

/** The metadata after the operations; `$.a.b` names a nested key. Operations that do not fit are skipped. */
export function applyOperations(current: Metadata, operations: MetadataOperation[]): Metadata {
  let metadata = structuredClone(current);
  for (const next of operations) {
    if (next.type === "update") metadata = structuredClone(next.value);
    else applyToKey(metadata, next);
  }
  return metadata;
}

function applyToKey(metadata: Metadata, next: Exclude<MetadataOperation, { type: "update" }>): void {
  const path = pathOf(next.key);
  if (path.some((part) => UNSAFE.has(part))) return;
  const before = read(metadata, path);
  switch (next.type) {
    case "set":
      return write(metadata, path, next.value);
    case "delete":
      return remove(metadata, path);
    case "append":
      return write(metadata, path, [...listOf(before), next.value]);
    case "remove":
      if (Array.isArray(before))
        write(
          metadata,
          path,
          before.filter((item) => !isDeepStrictEqual(item, next.value)),
        );
      return;
    case "increment":
      return write(metadata, path, (typeof before === "number" ? before : 0) + next.value);
  }
}

function pathOf(name: string): Path {
  if (!name.startsWith("$.")) return [name];
  const [first = "", ...rest] = name
    .slice(2)
    .replaceAll(/\[(\w+)\]/g, ".$1")
    .split(".");
  return [first, ...rest];
}

function listOf(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function isObject(value: unknown): value is Metadata {
  return typeof value === "object" && value !== null;
}

function read(metadata: Metadata, path: Path): unknown {
  return path.reduce<unknown>((value, part) => (isObject(value) ? value[part] : undefined), metadata);
}

/** The object that holds the last part of a path, made on the way where it is missing. */
function holderOf(metadata: Metadata, path: Path): [Metadata, string] {
  let holder = metadata;
  for (const part of path.slice(0, -1)) {
    const next = holder[part];
    if (isObject(next)) holder = next;
    else holder = holder[part] = {} as Metadata;
  }
  return [holder, path.at(-1) ?? ""];
}

function write(metadata: Metadata, path: Path, value: unknown): void {
  const [holder, last] = holderOf(metadata, path);
  holder[last] = value;
}

function remove(metadata: Metadata, path: Path): void {
  const [holder, last] = holderOf(metadata, path);
  delete holder[last];
}
