import type { StreamStore } from "../streams/stream-store.ts";
import { badRequest } from "./errors.ts";
import type { RequestContext } from "./router.ts";

const defaultWaitSeconds = 60;

/** Where a reader wants to begin: after its `Last-Event-ID`, at the newest record when it asks for that, or at 0. */
export async function startOf(c: RequestContext, streams: StreamStore, stream: string): Promise<number> {
  const lastEventId = header(c, "last-event-id");
  if (lastEventId !== undefined) return (eventNumber(lastEventId) ?? -1) + 1;
  if (header(c, "x-trigger-stream-start") !== "latest") return 0;
  return Math.max(0, (await streams.bounds(stream)).next - 1);
}

/** A whole number from 0, or null for anything else (the SSE id line `0,1,106` is a usual mistake). */
export function eventNumber(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** `Timeout-Seconds`: how long a reader waits for a record. */
export function waitSecondsOf(c: RequestContext): number {
  const value = c.req.headers["timeout-seconds"];
  if (value === undefined) return defaultWaitSeconds;
  const seconds = /^\d{1,3}$/.test(String(value)) ? Number(value) : 0;
  if (seconds < 1 || seconds > 600) throw badRequest("Timeout-Seconds must be a whole number from 1 to 600.");
  return seconds;
}

export function header(c: RequestContext, name: string): string | undefined {
  const value = c.req.headers[name];
  return (Array.isArray(value) ? value[0] : value) || undefined;
}
