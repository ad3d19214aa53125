import { env } from "#app/env.server.ts";

/** Host addresses that mean every network, and lead nowhere. */
const EVERYWHERE = new Set(["0.0.0.0", "::"]);

/** The address of a page as people reach it. Never from a request: its Host is whatever the sender wrote. */
export function publicUrl(path: string): string {
  const { PUBLIC_URL, HOST, PORT } = env();
  if (PUBLIC_URL) return PUBLIC_URL.replace(/\/+$/, "") + path;
  const host = EVERYWHERE.has(HOST) ? "127.0.0.1" : HOST;
  return `http://${host.includes(":") ? `[${host}]` : host}:${PORT}${path}`;
}
