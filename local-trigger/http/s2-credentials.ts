import type { LiveWriters } from "./live-writers.ts";
import { inSeconds, isSignedFor, sign } from "../wire/signatures.ts";

export type S2Settings = { secretKey: string; origin: () => string; writers: LiveWriters };

const lifetimeSeconds = 24 * 60 * 60;
const purpose = "s2-append";

/** The headers with which a writer finds the S2 data plane: an endpoint of ours, and a token that opens this one stream. */
export function streamCredentials(s2: S2Settings, stream: string, origin: string): Record<string, string> {
  const expires = inSeconds(lifetimeSeconds);
  return {
    "x-s2-access-token": `${expires}.${sign(s2.secretKey, purpose, [stream], expires)}`,
    "x-s2-stream-name": stream,
    "x-s2-basin": "local-trigger",
    "x-s2-endpoint": `${origin}/v1`,
    "x-s2-flush-interval-ms": String(s2.writers.flushIntervalMs(stream)),
    "x-s2-max-retries": "10",
  };
}

/** Whether the token was handed out for this stream and is still good. */
export function mayAppend(s2: Pick<S2Settings, "secretKey">, stream: string, token: string): boolean {
  const [expires = "", signature = ""] = token.split(".");
  return isSignedFor(s2.secretKey, purpose, [stream], { expires: Number(expires), signature });
}
