import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { tokenHeader } from "../wire/session-records.ts";

type Headers = [string, string][];

const algorithm = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;
const prefix = "sealed.v1.";

/**
 * Seals the tokens that records carry in a header, so that none lies in the database in clear. The key comes from the
 * secret key; a value is bound to its stream.
 */
export class TokenCipher {
  private readonly key: Buffer;

  constructor(secretKey: string) {
    this.key = Buffer.from(hkdfSync("sha256", secretKey, "", "local-trigger/stream-token/v1", 32));
  }

  /** The headers as they are kept. */
  seal(stream: string, headers: Headers): Headers {
    if (!hasToken(headers)) return headers;
    return headers.map(([name, value]) => [name, name === tokenHeader ? this.sealed(stream, value) : value]);
  }

  /** The headers as they were written. A token that another secret key has sealed is left out: clients ask for a new one. */
  open(stream: string, headers: Headers): Headers {
    if (!hasToken(headers)) return headers;
    return headers.flatMap(([name, value]): Headers => {
      if (name !== tokenHeader) return [[name, value]];
      const token = this.opened(stream, value);
      return token === null ? [] : [[name, token]];
    });
  }

  private sealed(stream: string, token: string): string {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, this.key, nonce);
    cipher.setAAD(Buffer.from(stream));
    const body = Buffer.concat([cipher.update(token, "utf8"), cipher.final()]);
    return prefix + Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64url");
  }

  private opened(stream: string, sealed: string): string | null {
    const bytes = Buffer.from(sealed.slice(prefix.length), "base64url");
    if (!sealed.startsWith(prefix) || bytes.length < nonceBytes + tagBytes) return null;
    const decipher = createDecipheriv(algorithm, this.key, bytes.subarray(0, nonceBytes));
    decipher.setAAD(Buffer.from(stream));
    decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
    try {
      const body = decipher.update(bytes.subarray(nonceBytes + tagBytes));
      return Buffer.concat([body, decipher.final()]).toString("utf8");
    } catch {
      return null;
    }
  }
}

function hasToken(headers: Headers): boolean {
  return headers.some(([name]) => name === tokenHeader);
}
