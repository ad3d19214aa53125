import { randomBytes } from "node:crypto";

const alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";

/** A fresh id such as `session_k3…`: the prefix, an underscore and 24 random characters (124 bits). */
export function newId(prefix: string): string {
  let id = "";
  while (id.length < 24) {
    for (const byte of randomBytes(32)) {
      // 252 is the largest multiple of 36 that fits a byte: without this the first letters would be more likely.
      if (byte < 252 && id.length < 24) id += alphabet[byte % 36];
    }
  }
  return `${prefix}_${id}`;
}
