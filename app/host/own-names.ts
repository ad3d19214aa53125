import { isIP } from "node:net";
import type { Request, RequestHandler } from "express";
import { hostOf } from "#app/host/request-facts.ts";
import { log } from "#app/server/log.server.ts";

type Settings = { HOST: string; PUBLIC_URL?: string | undefined; TRUSTED_PROXIES: readonly string[] };

const FOREIGN =
  "This page is not served under this name. Open it as 127.0.0.1 or localhost, or set PUBLIC_URL to the address under which people reach it.\n";

/**
 * Refuses names that are none of this machine's, as long as it serves itself alone: a hostile site can point a name of
 * its own at this machine (DNS rebinding), and every page under it would be its own. Nobody can do that with an address.
 * Where others are served too, under whatever names they have for it, every name passes.
 */
export function ownNames({ HOST, PUBLIC_URL, TRUSTED_PROXIES }: Settings): RequestHandler {
  if (!isLoopback(HOST) || TRUSTED_PROXIES.length > 0) return (_req, _res, next) => next();
  const known = new Set(["localhost", ...(PUBLIC_URL ? [new URL(PUBLIC_URL).hostname] : [])]);
  const isOwn = (name: string) => known.has(name) || isIP(name.replace(/^\[|\]$/g, "")) > 0;
  return (req, res, next) => {
    // Probes ask by whatever name they have.
    if (req.path === "/healthz" || namesOf(req).every(isOwn)) return next();
    log("warn", "foreign-name", { method: req.method, path: req.path });
    res.status(421).type("text").send(FOREIGN);
  };
}

/** As it was asked, and as a proxy says: a script of the hostile page can write that header too. */
const namesOf = (req: Request): string[] =>
  [req.get("Host") ?? "", hostOf(req) ?? ""].map((host) => host.replace(/:\d+$/, "").toLowerCase());

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host.startsWith("127.");
