import { jwtVerify, SignJWT } from "jose";
import { z } from "zod";

const issuer = "https://id.trigger.dev";
const audience = "https://api.trigger.dev";
const claims = z.object({ scopes: z.array(z.string()).default([]) });

/** The id that tokens and answers carry for the one environment of this server. */
export const environmentId = "env_local";

/** A public access token (HS256, key = the secret key's bytes), as the SDK signs it itself. `expiresIn` like "1h" or seconds from now. */
export async function signToken(
  secretKey: string,
  scopes: string[],
  expiresIn: string | number = "1h",
): Promise<string> {
  const expiry = typeof expiresIn === "number" ? Math.floor(Date.now() / 1000) + expiresIn : expiresIn;
  return new SignJWT({ sub: environmentId, pub: true, scopes })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime(expiry)
    .sign(new TextEncoder().encode(secretKey));
}

/** `expires`: from when on it is refused, in seconds since 1970. */
export type Verified = { scopes: string[]; expires: number };

const leewaySeconds = 5;
const maxRemembered = 1000;
// Tokens are sent with every append and every read; what was verified once can only change by expiring.
const remembered = new Map<string, Verified>();

/** What a token says whose signature, algorithm, issuer, audience and expiry hold (5 s leeway); null for everything else. */
export async function verifyToken(token: string, secretKey: string): Promise<Verified | null> {
  const name = `${secretKey} ${token}`;
  const known = remembered.get(name) ?? (await verify(token, secretKey));
  if (!known || known.expires <= Date.now() / 1000) return null;
  if (remembered.size >= maxRemembered) remembered.clear();
  remembered.set(name, known);
  return known;
}

async function verify(token: string, secretKey: string): Promise<Verified | null> {
  try {
    const { payload } = await jwtVerify(token, new TextEncoder().encode(secretKey), {
      algorithms: ["HS256"],
      issuer,
      audience,
      requiredClaims: ["exp"],
      clockTolerance: leewaySeconds,
    });
    return { scopes: claims.parse(payload).scopes, expires: (payload.exp ?? 0) + leewaySeconds };
  } catch {
    return null;
  }
}
