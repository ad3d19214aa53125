import { redirect } from "@remix-run/node";
import { addIdentity, connectIdentity, userOfIdentity } from "#app/models/identity.server.ts";
import { findUserByEmail, type User } from "#app/models/user.server.ts";
import { audit } from "#app/server/audit-log.server.ts";
import { currentUser, openLogin } from "#app/server/auth.server.ts";
import { QUARTER_HOUR } from "#app/server/auth-limits.server.ts";
import { describeError, log } from "#app/server/log.server.ts";
import { beginAt, personFrom } from "#app/server/provider-client.server.ts";
import { endedFlow, flowCookie, readFlow, type ProviderFlow } from "#app/server/provider-flow.server.ts";
import { ProviderError, type ProviderProblem } from "#app/server/provider-problems.ts";
import { publicUrl } from "#app/server/public-url.server.ts";
import { safeRedirect } from "#app/server/redirect-to.server.ts";
import type { Provider, ProviderPerson } from "#app/server/sign-in-providers.server.ts";
import { admissionOf, createAdmitted } from "#app/server/sign-up-admission.server.ts";
import { addressKey, Throttle } from "#app/server/throttle.server.ts";

const callsByAddress = new Throttle({ name: "provider address", limit: 100, windowMs: QUARTER_HOUR });

/** A problem goes where its person can do something about it. */
function tell(problem: ProviderProblem, provider: Provider, signedIn: boolean): string {
  const told = new URLSearchParams({ provider: provider.id, problem });
  return signedIn ? `/settings?${told}#sign-in-ways` : `/login?${told}`;
}

/** Sends the browser to the provider; `?again` also one that is signed in, to show that it is still its person. */
export async function beginSignIn(provider: Provider, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const redirectTo = safeRedirect(url.searchParams.get("redirectTo"));
  const again = url.searchParams.has("again");
  const user = await currentUser(request);
  if (user && !again) return redirect(redirectTo);
  const home = new URL(publicUrl(url.pathname + url.search));
  // The way back leads to the public address alone: what is to be checked there must be kept there.
  if (home.host !== url.host && !home.searchParams.has("moved")) {
    home.searchParams.set("moved", "");
    return redirect(home.href);
  }
  const invite = (url.searchParams.get("invite") ?? "").slice(0, 100);
  try {
    const begun = await beginAt(provider, again);
    const flow = { ...begun, provider: provider.id, redirectTo, invite, connect: null };
    return redirect(begun.url, { headers: { "Set-Cookie": await flowCookie(request, flow) } });
  } catch (error) {
    return redirect(tell(problemOf(error, provider), provider, user !== null));
  }
}

/** Begins to connect the provider with this person's account: the Set-Cookie header. Throws ProviderError. */
export async function beginConnect(provider: Provider, request: Request, userId: string): Promise<string> {
  const begun = await beginAt(provider, false);
  return flowCookie(request, {
    ...begun,
    provider: provider.id,
    redirectTo: "/settings",
    invite: "",
    connect: userId,
  });
}

function problemOf(error: unknown, provider: Provider): ProviderProblem {
  if (!(error instanceof ProviderError)) throw error;
  const { cause } = error;
  if (cause) log("warn", "provider-problem", { provider: provider.id, ...describeError(cause) });
  return error.problem;
}

/** What follows when the browser comes back from the provider. Nothing it brings is believed before every check. */
export async function comeBack(provider: Provider, request: Request, ip: string): Promise<Response> {
  const flow = await readFlow(request, provider.id);
  const user = await currentUser(request);
  const headers = new Headers({ "Set-Cookie": await endedFlow(request) });
  try {
    if ((await callsByAddress.take(addressKey(ip))) > 0) throw new ProviderError("throttled");
    if (!flow) throw new ProviderError("stale");
    const person = await personFrom(provider, new URL(request.url).search, flow);
    if (flow.connect !== null) {
      await connect({ provider, flow, person, user, ip });
      return redirect("/settings?saved=connected#sign-in-ways", { headers });
    }
    const account = await accountOf({ provider, person, invite: flow.invite, ip });
    headers.append("Set-Cookie", await openLogin(request, account.id, ip));
    return redirect(flow.redirectTo, { headers });
  } catch (error) {
    const problem = problemOf(error, provider);
    audit("denied", "sign-in", { provider: provider.id, reason: problem, ip });
    return redirect(tell(problem, provider, user !== null), { headers });
  }
}

type Came = { provider: Provider; person: ProviderPerson; ip: string };

/** Only whoever began it, and is still signed in as the same person, connects anything. */
async function connect({
  provider,
  flow,
  person,
  user,
  ip,
}: Came & { flow: ProviderFlow; user: User | null }): Promise<void> {
  if (!user || user.id !== flow.connect) throw new ProviderError("signedOut");
  const label = person.email ?? person.name;
  const done = await connectIdentity(user.id, { issuer: person.issuer, subject: person.subject, label });
  if (done !== "connected") throw new ProviderError(done);
  audit("ok", "provider-connected", { userId: user.id, provider: provider.id, ip });
}

/** Whom the provider's account signs in. An address alone never opens an account that is there. */
async function accountOf({ provider, person, invite, ip }: Came & { invite: string }): Promise<User> {
  const found = await userOfIdentity(person);
  if (found?.disabled) throw new ProviderError("disabled");
  if (found) {
    audit("ok", "sign-in", { userId: found.id, provider: provider.id, ip });
    return found;
  }
  const { email, issuer, subject } = person;
  if (email === null) throw new ProviderError("unverified");
  if (await findUserByEmail(email)) throw new ProviderError("exists");
  const admission = await admissionOf(invite);
  if (admission !== "open" && admission !== "invited") throw new ProviderError(admission);
  const name = person.name.trim().slice(0, 80) || (email.split("@")[0] ?? email);
  const made = await createAdmitted({ email, name, passwordHash: null }, invite, (tx, userId) =>
    addIdentity(tx, userId, { issuer, subject, label: email }),
  );
  // Somebody was faster: with the address, or with the invitation.
  if (!made) throw new ProviderError((await findUserByEmail(email)) ? "exists" : "spent");
  audit("ok", "sign-up", { userId: made.id, provider: provider.id, ip });
  return made;
}
