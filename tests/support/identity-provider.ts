import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";

export type Claims = { email?: string; email_verified?: boolean; name?: string };

export const CLIENT = { id: "longrun", secret: "the secret of the tests, long enough" };

/** A real OpenID provider on this machine, which asks nobody anything: whoever comes is `person`. */
export class IdentityProvider {
  /** Who is signed in there. */
  person: { sub: string } & Claims = { sub: "nobody" };
  /** Its list of keys does not hold the one that it signs with. */
  publishesOtherKeys = false;
  private stopped: Promise<unknown> | undefined;

  private constructor(
    private readonly server: Server,
    readonly issuer: string,
  ) {}

  static async start(redirectUri: string): Promise<IdentityProvider> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const idp = new IdentityProvider(server, issuer);
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: CLIENT.id,
          client_secret: CLIENT.secret,
          redirect_uris: [redirectUri],
          application_type: "native",
        },
      ],
      claims: { email: ["email", "email_verified"], profile: ["name"] },
      pkce: { required: () => true },
      features: { devInteractions: { enabled: false } },
      cookies: { keys: ["only of the tests"] },
      findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ ...idp.person, sub }) }),
      interactions: { url: (_context, { uid }) => `/there/${uid}` },
    });
    const answer = provider.callback();
    server.on("request", (req, res) => {
      if (req.url === "/jwks" && idp.publishesOtherKeys) void otherKeys().then((keys) => res.end(keys));
      else if (req.url?.startsWith("/there/")) void idp.signIn(provider, req, res);
      else void answer(req, res);
    });
    return idp;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.stopped ??= new Promise((resolve) => this.server.close(resolve));
    await this.stopped;
  }

  private async signIn(
    provider: Provider,
    req: Parameters<Provider["interactionDetails"]>[0],
    res: Parameters<Provider["interactionDetails"]>[1],
  ): Promise<void> {
    const { prompt, params, session } = await provider.interactionDetails(req, res);
    const login = { accountId: this.person.sub };
    if (prompt.name === "login") {
      return provider.interactionFinished(req, res, { login }, { mergeWithLastSubmission: false });
    }
    const grant = new provider.Grant({
      accountId: session?.accountId ?? "",
      clientId: String(params["client_id"]),
    });
    grant.addOIDCScope(String(params["scope"]));
    return provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } });
  }
}

async function otherKeys(): Promise<string> {
  const { publicKey } = await generateKeyPair("RS256");
  return JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), use: "sig", alg: "RS256" }] });
}

/** Goes where a provider's address leads, as a browser of its own; answers the address on our side that it ends at. */
export async function throughProvider(url: string, home: string): Promise<string> {
  const cookies = new Map<string, string>();
  let at = url;
  for (let step = 0; step < 12; step++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(at, { redirect: "manual", headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    const next = answer.headers.get("location");
    if (next === null) throw new Error(`${at} answered ${answer.status}: ${await answer.text()}`);
    at = new URL(next, at).href;
    if (at.startsWith(home)) return at;
  }
  throw new Error("the provider leads nowhere");
}
