import { createHmac, timingSafeEqual } from "node:crypto";

/** A signature over `parts` that is good until `expires` (seconds since 1970); `purpose` keeps kinds apart. */
export function sign(secretKey: string, purpose: string, parts: string[], expires: number): string {
  return createHmac("sha256", secretKey)
    .update(JSON.stringify([purpose, ...parts, expires]))
    .digest("base64url");
}

/** Whether the signature was made for exactly these parts and has not expired. */
export function isSignedFor(
  secretKey: string,
  purpose: string,
  parts: string[],
  given: { expires: number; signature: string },
): boolean {
  if (!Number.isSafeInteger(given.expires) || given.expires * 1000 < Date.now()) return false;
  const expected = Buffer.from(sign(secretKey, purpose, parts, given.expires));
  const actual = Buffer.from(given.signature);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

/** Seconds since 1970, `seconds` from now. */
export function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}
