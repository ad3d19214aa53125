import { audit } from "#app/server/audit-log.server.ts";
import type { LimitTold } from "#app/server/limits.server.ts";
import { Throttle } from "#app/server/throttle.server.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What takes the database and the processor for more than a moment: more than a person needs, too little for a loop. */
const WORK = {
  // The page asks as one types, at most at each pause in typing.
  search: { limit: 120, windowMs: MINUTE, done: "searched very often in this minute" },
  import: { limit: 20, windowMs: HOUR, done: "imported many files in this hour" },
  export: { limit: 20, windowMs: HOUR, done: "downloaded all chats many times in this hour" },
  "chat export": { limit: 100, windowMs: HOUR, done: "downloaded many chats in this hour" },
};

/** Counts one more of it for this person, before it is begun. Null: there is room. */
export async function workLimit(userId: string, work: keyof typeof WORK): Promise<LimitTold | null> {
  const { limit, windowMs, done } = WORK[work];
  const retryAfter = await new Throttle({ name: work, limit, windowMs }).take(userId);
  if (retryAfter === 0) return null;
  audit("denied", "limit", { userId, reason: work });
  return { status: 429, error: `You have ${done}. Try again in ${waitOf(retryAfter)}.`, retryAfter };
}

function waitOf(seconds: number): string {
  if (seconds <= 60) return "a moment";
  return `${Math.ceil(seconds / 60)} minutes`;
}

/** The refusal as a page of its own, where no other one shows it. */
export function refused(full: LimitTold): Response {
  return new Response(`${full.error}\n`, {
    status: full.status,
    headers: { "Content-Type": "text/plain; charset=utf-8", "Retry-After": String(full.retryAfter) },
  });
}
