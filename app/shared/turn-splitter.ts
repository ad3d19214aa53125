import type { UIMessageChunk } from "ai";
import type { Boundary, OutRecord } from "#app/shared/out-record.ts";

export type TurnEvent =
  | { type: "open" }
  | { type: "chunk"; chunk: UIMessageChunk }
  /** Follows the error's own chunk: nothing more of this turn is shown. */
  | { type: "failed" }
  | { type: "end"; boundary: Boundary }
  /** A boundary of a turn that showed nothing, or that was given up before. */
  | { type: "boundary"; boundary: Boundary }
  | { type: "closed"; reason: string | null };

type State = "between" | "open" | "spent";

/** Chunks that only go on with something: without its beginning `useChat` would fail on them. */
const PART_OF: Record<string, "id" | "toolCallId"> = {
  "text-delta": "id",
  "text-end": "id",
  "reasoning-delta": "id",
  "reasoning-end": "id",
  "tool-input-delta": "toolCallId",
  "tool-approval-request": "toolCallId",
  "tool-output-available": "toolCallId",
  "tool-output-error": "toolCallId",
  "tool-output-denied": "toolCallId",
};

const BEGINS: Record<string, "id" | "toolCallId"> = {
  "text-start": "id",
  "reasoning-start": "id",
  "tool-input-start": "toolCallId",
  "tool-input-available": "toolCallId",
  "tool-input-error": "toolCallId",
};

/** What the end of a turn that is over already may leave behind; never the first chunk of one. */
const TRAILING = new Set(["finish", "finish-step", "abort", "message-metadata"]);

/** Cuts the records of `.out` into turns. Pure: knows no time and no connection. */
export class TurnSplitter {
  #state: State = "between";
  #parts = new Set<string>();

  read(record: OutRecord): TurnEvent[] {
    switch (record.kind) {
      case "chunk":
        return this.#chunk(record.chunk);
      case "turn-complete":
        return this.#boundary(record);
      case "session-closed":
        return [{ type: "closed", reason: record.reason }];
      case "other":
        return [];
    }
  }

  /** Whatever still comes of the open turn is dropped, up to its boundary or the next answer's start. */
  giveUp(): void {
    if (this.#state === "open") this.#state = "spent";
  }

  #chunk(chunk: UIMessageChunk): TurnEvent[] {
    if (this.#state === "spent" && chunk.type !== "start") return [];
    // A start inside an open turn is a run that took over after a crash: the parts of the dead one are gone.
    if (chunk.type === "start") this.#parts.clear();
    if (this.#isOrphan(chunk)) return [];
    const events: TurnEvent[] = this.#state === "open" ? [] : [{ type: "open" }];
    this.#state = "open";
    events.push({ type: "chunk", chunk });
    if (chunk.type === "error") {
      this.#state = "spent";
      events.push({ type: "failed" });
    }
    return events;
  }

  #isOrphan(chunk: UIMessageChunk): boolean {
    const begins = partKey(chunk, BEGINS);
    if (begins !== null) this.#parts.add(begins);
    const goesOn = partKey(chunk, PART_OF);
    if (goesOn !== null) return !this.#parts.has(goesOn);
    return this.#state !== "open" && TRAILING.has(chunk.type);
  }

  #boundary({ seq, consumed, closed }: Boundary): TurnEvent[] {
    const type = this.#state === "open" ? "end" : "boundary";
    this.#state = "between";
    this.#parts.clear();
    const events: TurnEvent[] = [{ type, boundary: { seq, consumed, closed } }];
    if (closed) events.push({ type: "closed", reason: closed.reason });
    return events;
  }
}

function partKey(chunk: UIMessageChunk, table: Record<string, "id" | "toolCallId">): string | null {
  const field = table[chunk.type];
  if (!field) return null;
  const value: unknown = Reflect.get(chunk, field);
  const family = field === "toolCallId" ? "tool" : chunk.type.slice(0, chunk.type.indexOf("-"));
  return `${family}:${String(value)}`;
}
