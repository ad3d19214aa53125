import { env } from "#app/env.server.ts";
import { publicUrl } from "#app/server/public-url.server.ts";

type ProviderId = "github" | "google" | "oidc";

/** Somebody else who says who a person is. */
export type Provider = {
  id: ProviderId;
  /** As buttons call it. */
  name: string;
  /** Who vouches: accounts are connected to an issuer, not to a name in our configuration. */
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Where people come back to, as it is registered there. */
  redirectUri: string;
};

/** Who somebody is, in the words of a provider. */
export type ProviderPerson = {
  issuer: string;
  subject: string;
  /** Null unless the provider says that it is verified. */
  email: string | null;
  name: string;
};

const GOOGLE = "https://accounts.google.com";

/** GitHub, or one's own. It is no OpenID provider: it has no id tokens, and its API tells who signed in. */
export function githubUrls(): { server: string; api: string } {
  const { GITHUB_URL } = env();
  if (!GITHUB_URL) return { server: "https://github.com", api: "https://api.github.com" };
  const server = GITHUB_URL.replace(/\/+$/, "");
  return { server, api: `${server}/api/v3` };
}

function provider(id: ProviderId, name: string, issuer: string | undefined, client: (string | undefined)[]) {
  const [clientId, clientSecret] = client;
  if (!issuer || !clientId || !clientSecret) return [];
  return [{ id, name, issuer, clientId, clientSecret, redirectUri: publicUrl(`/auth/${id}/callback`) }];
}

/** Those that are configured. */
export function providers(): Provider[] {
  const set = env();
  const name = set.OIDC_NAME ?? (set.OIDC_ISSUER ? new URL(set.OIDC_ISSUER).host : "");
  const github = `${githubUrls().server}/login/oauth`;
  return [
    ...provider("github", "GitHub", github, [set.GITHUB_CLIENT_ID, set.GITHUB_CLIENT_SECRET]),
    ...provider("google", "Google", GOOGLE, [set.GOOGLE_CLIENT_ID, set.GOOGLE_CLIENT_SECRET]),
    ...provider("oidc", name, set.OIDC_ISSUER, [set.OIDC_CLIENT_ID, set.OIDC_CLIENT_SECRET]),
  ];
}

export const providerOf = (id: unknown): Provider | null =>
  providers().find((provider) => provider.id === id) ?? null;

/** What pages show of them. */
export const providerButtons = (): { id: string; name: string }[] =>
  providers().map(({ id, name }) => ({ id, name }));

/** The provider of an address. For one that is not configured there is no such page: throws 404. */
export function knownProvider(id: unknown): Provider {
  const provider = providerOf(id);
  if (!provider) throw new Response("Not found", { status: 404 });
  return provider;
}
