import { audit, type AuditEvent } from "#app/server/audit-log.server.ts";
import { AuthFormError } from "#app/server/auth-form.server.ts";
import { HashingBusyError } from "#app/server/password.server.ts";

export const QUARTER_HOUR = 15 * 60 * 1000;

/** Throws AuthFormError 429 when there are seconds left to wait. */
export function refuseThrottled(seconds: number, event: AuditEvent, who: { ip: string; userId?: string }) {
  if (seconds === 0) return;
  audit("denied", event, { reason: "throttled", ...who });
  const minutes = Math.ceil(seconds / 60);
  const wait = minutes === 1 ? "a minute" : `${minutes} minutes`;
  throw new AuthFormError(429, { formError: `Too many attempts. Try again in ${wait}.` }, seconds);
}

/** The outcome of a password's hashing. Throws AuthFormError 429 while too many wait for theirs. */
export async function hashing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof HashingBusyError)) throw error;
    throw new AuthFormError(429, { formError: "Too many people are signing in. Try again in a moment." }, 5);
  }
}
