import type { Readable } from "node:stream";

/** Documents of one person that go on while an answer is written; far more than somebody looks at. */
const MOST = 30;
const RETRY_AFTER = "10";

const open = new Map<string, number>();

/** Throws 429 while as many of a person's documents are written as may be. */
export function assertRoomForLive(userId: string): void {
  if ((open.get(userId) ?? 0) < MOST) return;
  throw new Response("Too many of your answers are being written into pages. Close some of them.", {
    status: 429,
    headers: { "Retry-After": RETRY_AFTER },
  });
}

/** Counts a document until it has ended, or its reader has left. */
export function countLive<S extends Readable>(userId: string, document: S): S {
  open.set(userId, (open.get(userId) ?? 0) + 1);
  return document.once("close", () => {
    const left = (open.get(userId) ?? 0) - 1;
    if (left > 0) open.set(userId, left);
    else open.delete(userId);
  });
}
