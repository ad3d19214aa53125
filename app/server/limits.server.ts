import { ownLimits } from "#app/models/limits.server.ts";
import { measure } from "#app/models/turn.server.ts";
import { audit } from "#app/server/audit-log.server.ts";
import { leftOf, limitName, limitReached, usedOf } from "#app/shared/limit-words.ts";

/** What a person is told when an answer was asked for and a limit is reached; seconds until there is room. */
export type LimitTold = { status: 429; error: string; retryAfter: number };

/** Asked before anything is handed over; the run asks again before it calls the model. Null: there is room. */
export async function limitOf(userId: string): Promise<LimitTold | null> {
  const full = (await measure(userId, ownLimits())).toSorted((a, b) => b.roomIn - a.roomIn)[0];
  if (!full || full.roomIn === 0) return null;
  audit("denied", "limit", { userId, reason: full.limit });
  return { status: 429, error: limitReached(full), retryAfter: full.roomIn };
}

/** Each limit by name, with what is used of it. */
export async function limitsUsed(userId: string): Promise<{ name: string; text: string; share: number }[]> {
  const measured = await measure(userId, ownLimits());
  return measured.map((one) => ({
    name: limitName(one.limit),
    text: usedOf(one),
    share: Math.min(1, one.used / one.of),
  }));
}

/** Of a limit of a day, less than this is left when people are told before they meet it. */
const LITTLE = 0.2;

/** What is nearly used up, in words; null where enough is left of everything. */
export async function nearLimitOf(userId: string): Promise<string | null> {
  const measured = await measure(userId, ownLimits());
  // A minute passes before anybody has read of it, and so does an answer.
  const daily = measured.filter(({ limit }) => limit !== "answersPerMinute" && limit !== "answersAtOnce");
  const [fullest] = daily.toSorted((a, b) => b.used / b.of - a.used / a.of);
  return fullest && fullest.used / fullest.of > 1 - LITTLE ? leftOf(fullest) : null;
}

/** The headers of an answer that tells when to come back. */
export function retryHeaders(told: { retryAfter?: number | undefined }): HeadersInit {
  return told.retryAfter === undefined ? {} : { "Retry-After": String(told.retryAfter) };
}
