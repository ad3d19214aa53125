import type { UIMessageChunk } from "ai";
import { describe, expect, it } from "vitest";
import { wrapSoFar } from "#app/shared/so-far.ts";
import { stoppedChunks } from "./stopped-answer.ts";

const begun = (toolCallId: string): UIMessageChunk => ({
  type: "tool-input-available",
  toolCallId,
  toolName: "order",
  input: {},
});
const end = [{ type: "message-metadata", messageMetadata: { recovered: true } }, { type: "abort" }];

describe("an answer that was stopped when its run was lost", () => {
  it("has all that was written, its open parts closed", () => {
    const written: UIMessageChunk[] = [
      { type: "start", messageId: "a" },
      { type: "reasoning-start", id: "0" },
      { type: "reasoning-end", id: "0" },
      { type: "text-start", id: "0" },
      { type: "text-delta", id: "0", delta: "Well," },
    ];
    expect(stoppedChunks(written, new Map())).toEqual([...written, { type: "text-end", id: "0" }, ...end]);
  });

  it("loses calls without a result, but for those that it says the end of, and keeps what a call has shown", () => {
    const shown: UIMessageChunk = {
      type: "tool-output-available",
      toolCallId: "c3",
      output: 1,
      preliminary: true,
    };
    const told: UIMessageChunk = { type: "tool-output-error", toolCallId: "c2", errorText: "unknown" };
    const written = [begun("c1"), wrapSoFar(begun("c2")), begun("c3"), shown];
    expect(stoppedChunks(written, new Map([["c2", told]]))).toEqual([
      wrapSoFar(begun("c2")),
      begun("c3"),
      shown,
      told,
      ...end,
    ]);
  });
});
