import { createHash } from "node:crypto";

const LIMIT = "limit/";
const TASK = "task/";

/** The line that a task has of itself. */
export function taskQueue(taskIdentifier: string): string {
  return `${TASK}${taskIdentifier}`;
}

/** A limit that runs hold beside their line, as its row is named. */
export function limitRow(name: string): string {
  return `${LIMIT}${name}`;
}

/** The limit that a task has of itself. */
export function ownLimit(taskIdentifier: string): string {
  return limitRow(taskQueue(taskIdentifier));
}

/** `queue_…` of a line, `climit_…` of a limit: the same for the same name, always. */
export function queueId(row: string): string {
  const hash = createHash("sha256").update(row).digest("hex").slice(0, 24);
  return `${row.startsWith(LIMIT) ? "climit" : "queue"}_${hash}`;
}

/** What the API calls a row: the task's id, the queue's name, or the limit's name. */
export function publicName(row: string): { type: "task" | "custom" | "limit"; name: string } {
  if (row.startsWith(LIMIT)) return { type: "limit", name: row.slice(LIMIT.length) };
  if (row.startsWith(TASK)) return { type: "task", name: row.slice(TASK.length) };
  return { type: "custom", name: row };
}
