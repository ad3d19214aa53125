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

/** The scopes of a token whose signature, algorithm, issuer, audience and expiry hold (5 s leeway); null for everything else. */
export async function verifyToken(token: string, secretKey: string): Promise<string[] | null> {
  try {
    const { payload } = await jwtVerify(token, new TextEncoder().encode(secretKey), {
      algorithms: ["HS256"],
      issuer,
      audience,
      requiredClaims: ["exp"],
      clockTolerance: 5,
    });
    return claims.parse(payload).scopes;
  } catch {
    return null;
  }
}
