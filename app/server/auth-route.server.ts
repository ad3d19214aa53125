import { data, redirect, type ActionFunctionArgs, type LoaderFunctionArgs } from "@remix-run/node";
import { AuthFormError } from "#app/server/auth-form.server.ts";
import { currentUser, signInWith } from "#app/server/auth.server.ts";
import { admissionOf } from "#app/server/sign-up-admission.server.ts";
import { problemSentence } from "#app/server/provider-problems.ts";
import { safeRedirect } from "#app/server/redirect-to.server.ts";
import { readForm } from "#app/server/read-form.server.ts";
import { providerButtons, providerOf } from "#app/server/sign-in-providers.server.ts";

/** The secret that a link carries; one that is longer than any of ours is cut, and then opens nothing. */
export const secretOfLink = (request: Request, name: "token" | "invite"): string =>
  (new URL(request.url).searchParams.get(name) ?? "").slice(0, 100);

/**
 * Loader of both forms: where to go afterwards, whether an account can be made, the invite of the link, who else signs
 * people in, and why that failed. Whoever is signed in already goes on at once.
 */
export async function authLoader({ request }: LoaderFunctionArgs) {
  const { searchParams } = new URL(request.url);
  const redirectTo = safeRedirect(searchParams.get("redirectTo"));
  if (await currentUser(request)) throw redirect(redirectTo);
  const invite = secretOfLink(request, "invite");
  const provider = providerOf(searchParams.get("provider"));
  const problem = provider && problemSentence(searchParams.get("problem"), provider.name);
  return { redirectTo, invite, signUp: await admissionOf(invite), providers: providerButtons(), problem };
}

/** Action of both forms. A refused form comes back with what was typed, but for the password. */
export async function authAction(
  strategy: "sign-in" | "sign-up",
  { request, context }: Pick<ActionFunctionArgs, "request" | "context">,
) {
  const typed = request.clone();
  try {
    return await signInWith(strategy, request, context.ip);
  } catch (error) {
    const { told, init } = refusedForm(error);
    const form = await readForm(typed);
    const text = (name: string) => {
      const value = form.get(name);
      return typeof value === "string" ? value.slice(0, 300) : "";
    };
    const values = { name: text("name"), email: text("email") };
    return data({ ...told, values }, init);
  }
}

/** A refused form as an action answers it. Throws every other error on. */
export function refusedForm(error: unknown): { told: AuthFormError["told"]; init: ResponseInit } {
  if (!(error instanceof AuthFormError)) throw error;
  const headers = error.retryAfter ? { "Retry-After": String(error.retryAfter) } : undefined;
  return { told: error.told, init: { status: error.status, ...(headers ? { headers } : {}) } };
}
