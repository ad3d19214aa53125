import { createHash, timingSafeEqual } from "node:crypto";
import { verifyToken, type Verified } from "../wire/tokens.ts";

export type Credential = { kind: "secret" } | { kind: "pat" } | ({ kind: "jwt" } & Verified);

export type Keys = { secretKey: string; accessToken: string };

/** Reads an Authorization header; null for none and for anything that is not valid now. Never throws. */
export async function authenticate(header: string | undefined, keys: Keys): Promise<Credential | null> {
  const token = bearerToken(header);
  if (!token) return null;
  if (sameText(token, keys.secretKey)) return { kind: "secret" };
  if (sameText(token, keys.accessToken)) return { kind: "pat" };
  const verified = await verifyToken(token, keys.secretKey);
  return verified && { kind: "jwt", ...verified };
}

/** The token of `Bearer <token>`, or null. */
export function bearerToken(header: string | undefined): string | null {
  return /^Bearer +(\S+) *$/i.exec(header ?? "")?.[1] ?? null;
}

function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
