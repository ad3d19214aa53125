import type { RequestContext } from "./router.ts";

/** Writes a JSON answer and ends it. */
export function json(
  c: Pick<RequestContext, "res">,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  // The client may be gone (a held long poll): nothing to write to then.
  if (c.res.destroyed || c.res.writableEnded) return;
  c.res.writeHead(status, { "content-type": "application/json", ...headers });
  c.res.end(JSON.stringify(body));
}
