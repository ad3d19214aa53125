import { z } from "zod";

const superJson = z.object({ json: z.unknown() });

/** The value of a packet, its JSON form where it was super+json. Undefined for none, and for text that is no JSON. */
export function parsePacket(data: string | null, type: string): unknown {
  if (data === null || type === "application/store") return undefined;
  if (type === "text/plain") return data;
  try {
    const value: unknown = JSON.parse(data);
    return type === "application/super+json" ? superJson.parse(value).json : value;
  } catch {
    return undefined;
  }
}

/** A packet that has to be an object, such as metadata; anything else reads as empty. */
export function parseRecord(data: string | null, type: string): Record<string, unknown> {
  const parsed = z.record(z.string(), z.unknown()).safeParse(parsePacket(data, type));
  return parsed.success ? parsed.data : {};
}
