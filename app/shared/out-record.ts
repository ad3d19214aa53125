import type { UIMessageChunk } from "ai";
import { z } from "zod";
import { unwrapSoFar } from "#app/shared/so-far.ts";

/** A record of `.out`, read off the wire. `seq` grows by at least one from record to record. */
export type OutRecord =
  | { kind: "chunk"; seq: number; chunk: UIMessageChunk }
  | ({ kind: "turn-complete" } & Boundary)
  | { kind: "session-closed"; seq: number; reason: string | null }
  /** Says nothing to a page: an upgrade, a kind of a later version. */
  | { kind: "other"; seq: number };

/** The record that ends a turn. */
export type Boundary = {
  seq: number;
  /** Newest record of `.in` that is dealt with; null where the run had read none, or does not say. */
  consumed: number | null;
  /** The session ended with this turn. */
  closed: { reason: string | null } | null;
};

type Headers = readonly (readonly [string, string])[];

const chunkShape = z.looseObject({ type: z.string() });

/** Reads one record: its place, its chunk as JSON value, its headers. Null where the place is no number. */
export function toOutRecord(seq: number, chunk: unknown, headers: Headers = []): OutRecord | null {
  if (!Number.isSafeInteger(seq)) return null;
  const header = (name: string): string | null => headers.find(([key]) => key === name)?.[1] ?? null;
  switch (header("trigger-control")) {
    case null:
      if (!chunkShape.safeParse(chunk).success) return { kind: "other", seq };
      // The agent writes what `toUIMessageStream` makes; `useChat` ignores types that it does not know.
      return { kind: "chunk", seq, chunk: unwrapSoFar(chunk as UIMessageChunk) };
    case "turn-complete":
      return turnComplete(seq, header);
    case "session-closed":
      return { kind: "session-closed", seq, reason: header("session-closed-reason") };
    default:
      return { kind: "other", seq };
  }
}

function turnComplete(seq: number, header: (name: string) => string | null): OutRecord {
  const consumed = Number.parseInt(header("session-in-event-id") ?? "", 10);
  return {
    kind: "turn-complete",
    seq,
    consumed: Number.isNaN(consumed) ? null : consumed,
    closed: header("session-closed") === "true" ? { reason: header("session-closed-reason") } : null,
  };
}
