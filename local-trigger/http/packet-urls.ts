import { inSeconds, isSignedFor, sign } from "../wire/signatures.ts";
import { forbidden } from "./errors.ts";
import { originOf } from "./origin.ts";
import type { RequestContext } from "./router.ts";

export type PacketUrlSettings = { secretKey: string; origin: () => string };

const lifetimeSeconds = 300;
const purpose = "packet";

/** An address that is good for one method, one packet and five minutes. */
export function packetUrl(
  c: RequestContext,
  settings: PacketUrlSettings,
  method: "GET" | "PUT",
  path: string,
): string {
  const expires = inSeconds(lifetimeSeconds);
  const signature = sign(settings.secretKey, purpose, [method, path], expires);
  const origin = originOf(c.req, settings.origin());
  return `${origin}/packets/${encodeURIComponent(path)}?expires=${expires}&signature=${signature}`;
}

/** The packet that the address was signed for; 403 otherwise. */
export function signedPacket(c: RequestContext, settings: PacketUrlSettings, method: "GET" | "PUT"): string {
  const path = c.params["path"] ?? "";
  const given = {
    expires: Number(c.url.searchParams.get("expires")),
    signature: c.url.searchParams.get("signature") ?? "",
  };
  if (!isSignedFor(settings.secretKey, purpose, [method, path], given))
    throw forbidden("This address has expired or was not signed for this.");
  return path;
}
