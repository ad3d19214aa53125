import type { IncomingMessage } from "node:http";

/**
 * The origin under which this client reached the server, so that URLs handed out work from where it stands (another
 * host name, a container, a tunnel); `fallback` when the Host header is missing or not a plain host and port.
 */
export function originOf(req: IncomingMessage, fallback: string): string {
  const authority = req.headers[":authority"];
  const host = req.headers.host ?? (typeof authority === "string" ? authority : undefined);
  return host && /^[\w.\-[\]:]+$/.test(host) ? `http://${host}` : fallback;
}
