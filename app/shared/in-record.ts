import { z } from "zod";

/** A record of a session's `.in`, read off the wire. */
export type InputRecord = { seqNum: number; data: unknown };

/** The JSON of a record of `.in`, which may come as its text; null where it is none. */
export function parseRecord(data: unknown): unknown {
  if (typeof data !== "string") return data;
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

const stopSchema = z.object({ kind: z.literal("stop") });

/** Whether the record asks the run to stop its answer. */
export const isStop = (data: unknown): boolean => stopSchema.safeParse(parseRecord(data)).success;
