import { z } from "zod";

const claims = z.object({ scopes: z.array(z.string()) });
const READS = "read:runs:";

/** The run that a token of a chat may read, as the token itself says; null when it names none. */
export function runOfToken(token: string): string | null {
  try {
    const body = atob((token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/"));
    const scope = claims.parse(JSON.parse(body)).scopes.find((name) => name.startsWith(READS));
    return scope?.slice(READS.length) ?? null;
  } catch {
    return null;
  }
}
