import * as client from "openid-client";
import { githubPerson } from "#app/server/github-person.server.ts";
import { ProviderError } from "#app/server/provider-problems.ts";
import { githubUrls, type Provider, type ProviderPerson } from "#app/server/sign-in-providers.server.ts";

const TIMEOUT_SECONDS = 10;
const KNOWN_FOR_MS = 60 * 60 * 1000;

/** What is checked when the browser comes back. */
export type ProviderChecks = { state: string; nonce: string; verifier: string };

const isPlain = (url: string) => new URL(url).protocol === "http:";

function github({ issuer, clientId, clientSecret }: Provider): client.Configuration {
  const { server } = githubUrls();
  const endpoints = {
    issuer,
    authorization_endpoint: `${server}/login/oauth/authorize`,
    token_endpoint: `${server}/login/oauth/access_token`,
  };
  const config = new client.Configuration(
    endpoints,
    clientId,
    clientSecret,
    client.ClientSecretPost(clientSecret),
  );
  config.timeout = TIMEOUT_SECONDS;
  // `npm start` lets only one on this machine be asked without TLS.
  if (isPlain(server)) client.allowInsecureRequests(config);
  return config;
}

async function discovered({ issuer, clientId, clientSecret }: Provider): Promise<client.Configuration> {
  const insecure = isPlain(issuer) ? [client.allowInsecureRequests] : [];
  // The id token's signature is checked too, though it comes straight from the provider.
  const execute = [...insecure, client.enableNonRepudiationChecks];
  return client.discovery(new URL(issuer), clientId, clientSecret, undefined, {
    execute,
    timeout: TIMEOUT_SECONDS,
  });
}

const known = new Map<string, { at: number; config: client.Configuration }>();

async function configOf(provider: Provider): Promise<client.Configuration> {
  if (provider.id === "github") return github(provider);
  const found = known.get(provider.issuer);
  if (found && Date.now() - found.at < KNOWN_FOR_MS) return found.config;
  const config = await discovered(provider).catch(explain);
  known.set(provider.issuer, { at: Date.now(), config });
  return config;
}

/**
 * Where to send the browser, and what to check when it comes back. `again`: the provider is asked to make sure who is
 * there, if it can. Throws ProviderError.
 */
export async function beginAt(provider: Provider, again: boolean): Promise<{ url: string } & ProviderChecks> {
  const config = await configOf(provider);
  const [state, nonce, verifier] = [
    client.randomState(),
    client.randomNonce(),
    client.randomPKCECodeVerifier(),
  ];
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: provider.redirectUri,
    scope: provider.id === "github" ? "read:user user:email" : "openid email profile",
    state,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...(provider.id === "github" ? {} : { nonce }),
    ...(again && provider.id === "oidc" ? { prompt: "login" } : {}),
  });
  return { url: url.href, state, nonce, verifier };
}

/** Who came back, after every check. Throws ProviderError. */
export async function personFrom(
  provider: Provider,
  search: string,
  checks: ProviderChecks,
): Promise<ProviderPerson> {
  const config = await configOf(provider);
  const back = new URL(provider.redirectUri);
  back.search = search;
  const isGithub = provider.id === "github";
  try {
    const tokens = await client.authorizationCodeGrant(config, back, {
      expectedState: checks.state,
      pkceCodeVerifier: checks.verifier,
      ...(isGithub ? {} : { expectedNonce: checks.nonce, idTokenExpected: true }),
    });
    if (isGithub) return await githubPerson(provider.issuer, tokens.access_token, TIMEOUT_SECONDS * 1000);
    return await openidPerson(config, provider.issuer, tokens);
  } catch (error) {
    return explain(error);
  }
}

async function openidPerson(
  config: client.Configuration,
  issuer: string,
  tokens: Awaited<ReturnType<typeof client.authorizationCodeGrant>>,
): Promise<ProviderPerson> {
  const claims = tokens.claims();
  if (!claims) throw new ProviderError("refused");
  const complete = typeof claims["email"] === "string" || !config.serverMetadata().userinfo_endpoint;
  const told = complete ? claims : await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  const { email, email_verified: verified, name } = told;
  return {
    issuer,
    subject: claims.sub,
    email: typeof email === "string" && verified === true ? email : null,
    name: typeof name === "string" ? name : "",
  };
}

/** A provider that cannot be reached, or fails itself, is down; everything else is an answer not to be believed. */
function explain(error: unknown): never {
  if (error instanceof ProviderError) throw error;
  if (error instanceof client.AuthorizationResponseError && error.error === "access_denied") {
    throw new ProviderError("cancelled", { cause: error });
  }
  const cause = error instanceof Error ? error.cause : undefined;
  const away = error instanceof TypeError && error.message === "fetch failed";
  const slow = error instanceof client.ClientError && error.code === "OAUTH_TIMEOUT";
  const broken =
    (cause instanceof Response && cause.status >= 500) ||
    (error instanceof client.ResponseBodyError && error.status >= 500);
  throw new ProviderError(away || slow || broken ? "down" : "refused", { cause: error });
}
