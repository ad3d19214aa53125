import { redirect, redirectDocument } from "@remix-run/node";
import { disconnectIdentity, listIdentities } from "#app/models/identity.server.ts";
import { passwordHashOf } from "#app/models/user.server.ts";
import type { Asker } from "#app/server/asker.ts";
import { audit } from "#app/server/audit-log.server.ts";
import { AuthFormError } from "#app/server/auth-form.server.ts";
import { proveSelf, isFresh } from "#app/server/prove-self.server.ts";
import { ProviderError, problemSentence } from "#app/server/provider-problems.ts";
import { beginConnect } from "#app/server/provider-sign-in.server.ts";
import { publicUrl } from "#app/server/public-url.server.ts";
import { providerOf, providers, type Provider } from "#app/server/sign-in-providers.server.ts";

export type SignInWays = {
  hasPassword: boolean;
  /** Where there is no password: whether this browser was signed in a moment ago. */
  fresh: boolean;
  /** `label`: what is connected; null: nothing. */
  providers: { id: string; name: string; label: string | null }[];
  /** Why nothing was connected. */
  problem: string | null;
};

/** By what this person can sign in, and by what else they could. */
export async function signInWaysOf({ user, request }: Omit<Asker, "ip">): Promise<SignInWays> {
  const [hash, identities, fresh] = await Promise.all([
    passwordHashOf(user.id),
    listIdentities(user.id),
    isFresh(request),
  ]);
  const labels = new Map(identities.map(({ issuer, label }) => [issuer, label]));
  const { searchParams } = new URL(request.url);
  const named = providerOf(searchParams.get("provider"));
  return {
    hasPassword: hash !== null,
    fresh,
    providers: providers().map(({ id, name, issuer }) => ({ id, name, label: labels.get(issuer) ?? null })),
    problem: named && problemSentence(searchParams.get("problem"), named.name),
  };
}

function asked(form: FormData): Provider {
  const provider = providerOf(form.get("provider"));
  if (provider) return provider;
  throw new AuthFormError(400, { formError: "Nobody is signed in this way here." });
}

/** Leads to the provider, to connect it with this account. Throws AuthFormError. */
export async function connectProvider(asker: Asker, form: FormData): Promise<Response> {
  const provider = asked(form);
  await proveSelf(asker, "provider-connected", form, "connectPassword");
  const home = publicUrl("/settings");
  if (new URL(home).host !== new URL(asker.request.url).host) {
    throw new AuthFormError(400, {
      formError: `Open ${home} to connect ${provider.name}: it leads back there.`,
    });
  }
  try {
    const cookie = await beginConnect(provider, asker.request, asker.user.id);
    return redirectDocument(`/auth/${provider.id}/connect`, { headers: { "Set-Cookie": cookie } });
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    const formError = problemSentence(error.problem, provider.name) ?? "";
    throw new AuthFormError(503, { formError });
  }
}

/** Throws AuthFormError where nothing would remain to sign in with. */
export async function disconnectProvider({ user, ip }: Asker, form: FormData): Promise<Response> {
  const provider = asked(form);
  const usable = providers().map(({ issuer }) => issuer);
  const done = await disconnectIdentity(user.id, provider.issuer, usable);
  if (done === "last") {
    const formError = `You sign in by ${provider.name} alone. Set a password or connect another account first.`;
    throw new AuthFormError(400, { formError });
  }
  if (done === "done") audit("ok", "provider-disconnected", { userId: user.id, provider: provider.id, ip });
  return redirect("/settings?saved=disconnected#sign-in-ways");
}
