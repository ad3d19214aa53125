import { createHmac } from "node:crypto";
import { isIPv6 } from "node:net";
import { env } from "#app/env.server.ts";
import { clearTries, countTry, forgiveTry } from "#app/models/throttle.server.ts";

/** Counts tries per key in fixed windows, in the database: for all web servers, and across restarts. */
export class Throttle {
  /** `name` keeps the keys of one throttle apart from those of all others. */
  constructor(private readonly options: { name: string; limit: number; windowMs: number }) {}

  /** Counts a try; answers the seconds to wait when it was one too many, otherwise 0. */
  async take(key: string): Promise<number> {
    const { limit, windowMs } = this.options;
    const { count, seconds } = await countTry(this.hidden(key), windowMs);
    return count > limit ? Math.max(1, seconds) : 0;
  }

  /** Takes back one try. */
  forgive(key: string): Promise<void> {
    return forgiveTry(this.hidden(key));
  }

  clear(key: string): Promise<void> {
    return clearTries(this.hidden(key));
  }

  /** Who steals the table learns neither accounts nor addresses. */
  private hidden(key: string): string {
    const { SESSION_SECRET } = env();
    return createHmac("sha256", SESSION_SECRET)
      .update(`throttle\0${this.options.name}\0${key}`)
      .digest("hex");
  }
}

/** What counts as one address: for IPv6 the first half, because whoever has one address there has all of the rest. */
export function addressKey(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped || !isIPv6(ip)) return mapped ?? ip;
  const short = new URL(`http://[${ip.replace(/%.*$/, "")}]`).hostname.slice(1, -1);
  const [head = "", tail = ""] = short.split("::");
  const groups = (part: string) => part.split(":").filter(Boolean);
  const missing = short.includes("::") ? 8 - groups(head).length - groups(tail).length : 0;
  return [...groups(head), ...Array<string>(missing).fill("0"), ...groups(tail)].slice(0, 4).join(":");
}
