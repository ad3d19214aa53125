import type { UIMessageChunk } from "ai";
import { describe, expect, it } from "vitest";
import { takeMerged } from "#app/chat/turn.ts";
import type { OutRecord } from "#app/shared/out-record.ts";
import { TurnSplitter } from "#app/shared/turn-splitter.ts";

const chunk = (value: UIMessageChunk): OutRecord => ({ kind: "chunk", seq: 0, chunk: value });
const end = (seq: number): OutRecord => ({
  kind: "turn-complete",
  seq,
  consumed: seq,
  closed: null,
});
const begin = chunk({ type: "start", messageId: "a" });

function types(splitter: TurnSplitter, ...records: OutRecord[]): string[] {
  return records.flatMap((record) => splitter.read(record).map((event) => event.type));
}

describe("records of .out as turns", () => {
  it("opens with the first chunk and ends with the boundary", () => {
    const splitter = new TurnSplitter();
    expect(types(splitter, begin, chunk({ type: "start-step" }))).toEqual(["open", "chunk", "chunk"]);
    expect(types(splitter, { kind: "other", seq: 1 }, end(2))).toEqual(["end"]);
  });

  it("passes a boundary without a turn on as such", () => {
    expect(types(new TurnSplitter(), end(1))).toEqual(["boundary"]);
  });

  it("ends a turn with its error, and takes its late boundary for no other's", () => {
    const splitter = new TurnSplitter();
    const error = chunk({ type: "error", errorText: "x" });
    expect(types(splitter, begin, error)).toEqual(["open", "chunk", "chunk", "failed"]);
    expect(types(splitter, chunk({ type: "finish" }), end(4))).toEqual(["boundary"]);
  });

  it("opens a new turn at a start when the one before it failed without a boundary", () => {
    const splitter = new TurnSplitter();
    types(splitter, begin, chunk({ type: "error", errorText: "x" }));
    expect(types(splitter, begin)).toEqual(["open", "chunk"]);
  });

  it("drops the rest of a turn that was given up, up to the next start", () => {
    const splitter = new TurnSplitter();
    types(splitter, begin, chunk({ type: "text-start", id: "0" }));
    splitter.giveUp();
    expect(types(splitter, chunk({ type: "text-delta", id: "0", delta: "x" }))).toEqual([]);
    expect(types(splitter, begin)).toEqual(["open", "chunk"]);
  });

  it("shows nothing of a part whose beginning it has not seen, and opens no turn for it", () => {
    const splitter = new TurnSplitter();
    const orphans = [
      chunk({ type: "text-delta", id: "0", delta: "x" }),
      chunk({ type: "tool-output-available", toolCallId: "t", output: 1 }),
      chunk({ type: "finish-step" }),
      chunk({ type: "finish" }),
    ];
    expect(types(splitter, ...orphans)).toEqual([]);
  });

  it("tells of a session that closes with its turn after the turn", () => {
    const splitter = new TurnSplitter();
    const last: OutRecord = {
      kind: "turn-complete",
      seq: 3,
      consumed: 0,
      closed: { reason: "done" },
    };
    expect(types(splitter, begin, last)).toEqual(["open", "chunk", "end", "closed"]);
  });
});

describe("deltas that wait behind each other", () => {
  it("become one when they belong to one part, and nothing else is moved", () => {
    const queue: UIMessageChunk[] = [
      { type: "text-delta", id: "0", delta: "a" },
      { type: "text-delta", id: "0", delta: "b" },
      { type: "reasoning-delta", id: "0", delta: "c" },
      { type: "text-delta", id: "1", delta: "d" },
      { type: "finish" },
    ];
    const taken: (UIMessageChunk | undefined)[] = [];
    while (queue.length > 0) taken.push(takeMerged(queue));
    expect(taken).toEqual([
      { type: "text-delta", id: "0", delta: "ab" },
      { type: "reasoning-delta", id: "0", delta: "c" },
      { type: "text-delta", id: "1", delta: "d" },
      { type: "finish" },
    ]);
  });
});
