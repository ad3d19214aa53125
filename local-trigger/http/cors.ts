import type { IncomingMessage } from "node:http";

/** On every answer of a route that browsers call. Bearer tokens, no cookies: any origin may call. */
export const corsHeaders: [string, string][] = [
  ["access-control-allow-origin", "*"],
  ["access-control-expose-headers", "*"],
];

/** Echoes the requested header names: a "*" does not cover Authorization in the fetch standard. */
export function preflightHeaders(req: IncomingMessage): Record<string, string> {
  const requested = req.headers["access-control-request-headers"];
  return {
    ...Object.fromEntries(corsHeaders),
    "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
    "access-control-allow-headers": isHeaderList(requested) ? requested : "authorization, content-type",
    "access-control-max-age": "600",
    vary: "access-control-request-headers",
  };
}

function isHeaderList(value: string | string[] | undefined): value is string {
  return typeof value === "string" && /^[\w\-!#$%&'*+.^`|~, ]+$/.test(value);
}
