import { z } from "zod";
import { decryptToken, encryptToken } from "#app/models/token-cipher.server.ts";
import { ownCookie } from "#app/server/login-cookie.server.ts";

const MINUTES = 10;

const flowSchema = z.object({
  provider: z.string(),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  redirectTo: z.string(),
  invite: z.string(),
  /** Who connects the provider with an account; null: somebody signs in. */
  connect: z.string().nullable(),
  /** Where the browser is sent. */
  url: z.string(),
  until: z.number(),
});

/** What this browser must bring back from a provider. */
export type ProviderFlow = Omit<z.infer<typeof flowSchema>, "until">;

const CONTEXT = "sign-in through a provider";

/** The Set-Cookie header that keeps a flow in the browser that began it, sealed, for ten minutes. */
export function flowCookie(request: Request, flow: ProviderFlow): Promise<string> {
  const sealed = encryptToken(JSON.stringify({ ...flow, until: Date.now() + MINUTES * 60_000 }), CONTEXT);
  return ownCookie(request, "flow").serialize(sealed, { maxAge: MINUTES * 60 });
}

/** The flow that this browser has begun with the provider; null when there is none, or it is too old. */
export async function readFlow(request: Request, provider: string): Promise<ProviderFlow | null> {
  const value: unknown = await ownCookie(request, "flow").parse(request.headers.get("Cookie"));
  const opened = typeof value === "string" ? decryptToken(value, CONTEXT) : null;
  if (opened === null) return null;
  const flow = flowSchema.parse(JSON.parse(opened));
  return flow.provider === provider && flow.until > Date.now() ? flow : null;
}

/** The Set-Cookie header after which a flow cannot be gone through again. */
export const endedFlow = (request: Request): Promise<string> =>
  ownCookie(request, "flow").serialize("", { maxAge: 0 });
