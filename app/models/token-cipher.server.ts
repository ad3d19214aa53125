import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { env } from "#app/env.server.ts";

const ALGORITHM = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = "v1";

let cached: { secret: string; key: Buffer } | undefined;

function key(): Buffer {
  const secret = env().SESSION_SECRET;
  if (cached?.secret !== secret) {
    const bytes = hkdfSync("sha256", secret, "", "longrun/session-token/v1", 32);
    cached = { secret, key: Buffer.from(bytes) };
  }
  return cached.key;
}

/** AES-256-GCM. `context` (the chat's id) is bound in: a ciphertext moved to another row does not open. */
export function encryptToken(token: string, context: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key(), nonce);
  cipher.setAAD(Buffer.from(context));
  const body = Buffer.concat([cipher.update(token, "utf8"), cipher.final()]);
  return `${VERSION}.${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64url")}`;
}

/** The token, or null when the text was changed, belongs to another context, or SESSION_SECRET is another one. */
export function decryptToken(sealed: string, context: string): string | null {
  const [version, encoded] = sealed.split(".", 2);
  const bytes = Buffer.from(encoded ?? "", "base64url");
  if (version !== VERSION || bytes.length < NONCE_BYTES + TAG_BYTES) return null;
  const decipher = createDecipheriv(ALGORITHM, key(), bytes.subarray(0, NONCE_BYTES));
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  try {
    const body = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([body, decipher.final()]).toString("utf8");
  } catch {
    return null;
  }
}
