import { environmentId, signToken } from "../wire/tokens.ts";
import type { RequestContext } from "./router.ts";

/** What repeats of one request have in common. */
export function requestKeyOf(c: RequestContext): string | undefined {
  const header = c.req.headers["x-trigger-request-idempotency-key"];
  return typeof header === "string" ? header : undefined;
}

/** A holder of the secret key signs its own token; a browser gets one that is ready. */
export async function tokenHeaders(
  c: RequestContext,
  scope: string,
  secretKey: string,
): Promise<Record<string, string>> {
  if (c.credential?.kind === "jwt") return { "x-trigger-jwt": await signToken(secretKey, [scope]) };
  return { "x-trigger-jwt-claims": JSON.stringify({ sub: environmentId, pub: true }) };
}
