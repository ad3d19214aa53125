import { redirect } from "@remix-run/node";
import { Authenticator } from "remix-auth";
import { FormStrategy } from "remix-auth-form";
import { createLoginSession, endLoginSession, userOfLogin } from "#app/models/login-session.server.ts";
import { findUserByEmail, foldEmail, type User } from "#app/models/user.server.ts";
import { hashing, QUARTER_HOUR, refuseThrottled } from "#app/server/auth-limits.server.ts";
import { audit } from "#app/server/audit-log.server.ts";
import { AuthFormError, parseSignIn, parseSignUp } from "#app/server/auth-form.server.ts";
import { endedCookie, loginCookie, readLoginCookie } from "#app/server/login-cookie.server.ts";
import { hashPassword, verifyPassword } from "#app/server/password.server.ts";
import { admissionOf, createAdmitted, type Admission } from "#app/server/sign-up-admission.server.ts";
import { safeRedirect } from "#app/server/redirect-to.server.ts";
import { addressKey, Throttle } from "#app/server/throttle.server.ts";
import { readForm } from "#app/server/read-form.server.ts";

const wrongByAccount = new Throttle({ name: "sign-in account", limit: 10, windowMs: QUARTER_HOUR });
const wrongByAddress = new Throttle({ name: "sign-in address", limit: 100, windowMs: QUARTER_HOUR });
const signUpsByAddress = new Throttle({ name: "sign-up address", limit: 300, windowMs: QUARTER_HOUR });

async function signIn(form: FormData, ip: string): Promise<User> {
  const { email, password } = parseSignIn(form);
  const account = foldEmail(email);
  const from = addressKey(ip);
  // Counted before the slow check, so that guesses sent all at once do not pass together. The address comes first:
  // one that is held back cannot hold an account back as well.
  refuseThrottled(await wrongByAddress.take(from), "sign-in", { ip });
  refuseThrottled(await wrongByAccount.take(account), "sign-in", { ip });
  const found = await findUserByEmail(account);
  if (!(await hashing(verifyPassword(found?.passwordHash ?? null, password))) || !found) {
    audit("denied", "sign-in", { reason: "wrong", account, ip });
    throw new AuthFormError(400, { formError: "The email address or the password is wrong." });
  }
  await Promise.all([wrongByAccount.clear(account), wrongByAddress.forgive(from)]);
  if (found.disabled) {
    // Only whoever knows the password is told.
    audit("denied", "sign-in", { reason: "disabled", userId: found.id, ip });
    throw new AuthFormError(403, { formError: "This account is disabled. Ask whoever runs this server." });
  }
  audit("ok", "sign-in", { userId: found.id, ip });
  const { id, name, role } = found;
  return { id, email: found.email, name, role };
}

const NOT_ADMITTED: Partial<Record<Admission, string>> = {
  closed: "No new accounts can be made here at the moment.",
  invite: "New accounts need an invitation. Ask whoever runs this server for a link.",
  spent: "This invitation was used already, or is no longer valid. Ask for a new link.",
};

async function signUp(form: FormData, ip: string): Promise<User> {
  const given = form.get("invite");
  const invite = typeof given === "string" ? given : "";
  const admission = await admissionOf(invite);
  const formError = NOT_ADMITTED[admission];
  if (formError) {
    audit("denied", "sign-up", { reason: admission, ip });
    throw new AuthFormError(403, { formError });
  }
  refuseThrottled(await signUpsByAddress.take(addressKey(ip)), "sign-up", { ip });
  const { name, email, password } = parseSignUp(form);
  const passwordHash = await hashing(hashPassword(password));
  const user = await createAdmitted({ name, email, passwordHash }, invite);
  if (!user) {
    audit("denied", "sign-up", { reason: "taken", account: foldEmail(email), ip });
    const taken = "This address cannot be used for a new account. If it is yours, sign in.";
    throw new AuthFormError(400, { fieldErrors: { email: taken } });
  }
  audit("ok", "sign-up", { userId: user.id, ip });
  return user;
}

/** remix-auth with one form strategy for each of the two forms. */
function authenticator(ip: string): Authenticator<User> {
  return new Authenticator<User>()
    .use(new FormStrategy(({ form }) => signIn(form, ip)), "sign-in")
    .use(new FormStrategy(({ form }) => signUp(form, ip)), "sign-up");
}

/**
 * Checks the form and answers the redirect that signs the browser in, under a new session.
 * Throws AuthFormError with what to tell when the form is not accepted.
 */
export async function signInWith(
  strategy: "sign-in" | "sign-up",
  request: Request,
  ip: string,
): Promise<Response> {
  // remix-auth uses the body up.
  const form = await readForm(request.clone());
  const user = await authenticator(ip).authenticate(strategy, request);
  return redirect(safeRedirect(form.get("redirectTo")), {
    headers: { "Set-Cookie": await openLogin(request, user.id, ip) },
  });
}

/** The Set-Cookie header that signs this browser in, under a new session; the one that it had is ended. */
export async function openLogin(request: Request, userId: string, ip: string): Promise<string> {
  const before = await readLoginCookie(request);
  if (before) await endLoginSession(before);
  const userAgent = request.headers.get("User-Agent");
  return loginCookie(request, await createLoginSession({ userId, userAgent, ip }));
}

/** Ends this browser's sign-in, on the server too. */
export async function signOut(request: Request): Promise<Response> {
  const token = await readLoginCookie(request);
  const user = token ? await userOfLogin(token) : null;
  if (token) await endLoginSession(token);
  if (user) audit("ok", "sign-out", { userId: user.id });
  return redirect("/login", { headers: { "Set-Cookie": await endedCookie(request) } });
}

/** Who is signed in, or null. */
export async function currentUser(request: Request): Promise<User | null> {
  const token = await readLoginCookie(request);
  return token ? userOfLogin(token) : null;
}

/** Who is signed in; otherwise throws the redirect to the sign-in page, which comes back here. */
export async function requireUser(request: Request): Promise<User> {
  const user = await currentUser(request);
  if (user) return user;
  const { pathname, search } = new URL(request.url);
  throw redirect(`/login?${new URLSearchParams({ redirectTo: pathname + search })}`);
}

/** Which admin is signed in. For everybody else there is no such page: throws 404, or the redirect to the sign-in. */
export async function requireAdmin(request: Request): Promise<User> {
  const user = await requireUser(request);
  if (user.role === "admin") return user;
  audit("denied", "admin-access", { userId: user.id, path: new URL(request.url).pathname });
  throw new Response("Not found", { status: 404 });
}

/** Who is signed in; otherwise throws 401 as JSON. */
export async function requireUserJson(request: Request): Promise<User> {
  const user = await currentUser(request);
  if (user) return user;
  audit("denied", "signed-out-access", { path: new URL(request.url).pathname });
  throw Response.json({ error: "Sign in first." }, { status: 401 });
}
