import type { Request } from "express";

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i;

/** `host:port` under which the browser asked, a trusted proxy's word included; null when it is no host at all. */
export function hostOf(req: Request): string | null {
  const trusts = req.app.get("trust proxy fn") as (address: string | undefined, hop: number) => boolean;
  const forwarded = trusts(req.socket.remoteAddress, 0) ? req.get("X-Forwarded-Host") : undefined;
  const host = (forwarded?.split(",")[0] ?? req.get("Host") ?? "").trim();
  return HOST.test(host) ? host : null;
}
