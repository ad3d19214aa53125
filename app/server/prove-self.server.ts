import { loginBegan } from "#app/models/login-session.server.ts";
import { passwordHashOf } from "#app/models/user.server.ts";
import type { Asker } from "#app/server/asker.ts";
import { audit, type AuditEvent } from "#app/server/audit-log.server.ts";
import { AuthFormError, parseOwnPassword, type PasswordField } from "#app/server/auth-form.server.ts";
import { hashing, QUARTER_HOUR, refuseThrottled } from "#app/server/auth-limits.server.ts";
import { readLoginCookie } from "#app/server/login-cookie.server.ts";
import { verifyPassword } from "#app/server/password.server.ts";
import { Throttle } from "#app/server/throttle.server.ts";

/** Whoever has found an open browser must not be able to guess the password in it. */
const wrongPasswords = new Throttle({ name: "own password", limit: 10, windowMs: QUARTER_HOUR });

const FRESH_MS = 10 * 60 * 1000;

/** Whether this browser was signed in within the last ten minutes: what stands for a password where there is none. */
export async function isFresh(request: Request): Promise<boolean> {
  const began = await loginBegan((await readLoginCookie(request)) ?? "");
  return began !== null && Date.now() - began.getTime() < FRESH_MS;
}

/**
 * That the account's owner asks, and not whoever has found its browser open: by the password in this field, or where
 * the account has none by a fresh sign-in. Throws AuthFormError.
 */
export async function proveSelf(
  { user, request, ip }: Asker,
  event: AuditEvent,
  form: FormData,
  field: PasswordField,
): Promise<void> {
  const stored = await passwordHashOf(user.id);
  if (stored === null) {
    if (await isFresh(request)) return;
    audit("denied", event, { reason: "not fresh", userId: user.id, ip });
    throw new AuthFormError(403, {
      formError: "Sign in again first: this account has no password to ask for.",
    });
  }
  const password = parseOwnPassword(form, field);
  refuseThrottled(await wrongPasswords.take(user.id), event, { ip, userId: user.id });
  if (!(await hashing(verifyPassword(stored, password)))) {
    audit("denied", event, { reason: "wrong", userId: user.id, ip });
    throw new AuthFormError(400, { fieldErrors: { [field]: "This is not your password." } });
  }
  await wrongPasswords.clear(user.id);
}
