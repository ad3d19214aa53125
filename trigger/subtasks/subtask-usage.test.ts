import type { UIMessageChunk } from "ai";
import { describe, expect, it } from "vitest";
import type { LongrunUIMessage, MessageMetadata } from "#app/shared/chat-message.ts";
import { withSubtaskUsage } from "./subtask-usage.ts";

type Chunk = UIMessageChunk<MessageMetadata, { error: { text: string } }>;

const used = { inputTokens: 100, outputTokens: 50, cachedTokens: 0, costMicros: 30 };
const told = (messageMetadata: MessageMetadata): Chunk => ({ type: "message-metadata", messageMetadata });
const call = (toolName: string): Chunk => ({
  type: "tool-input-available",
  toolCallId: "c",
  toolName,
  input: {},
});

/** What the last of these chunks tells. */
async function lastOf(
  chunks: Chunk[],
  goesOn: LongrunUIMessage | null = null,
  ask = () => Promise.resolve(used),
) {
  const passed: Chunk[] = [];
  const source = new ReadableStream<Chunk>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  for await (const chunk of source.pipeThrough(withSubtaskUsage(goesOn, ask))) passed.push(chunk);
  expect(passed).toHaveLength(chunks.length);
  const last = passed.at(-1);
  return last?.type === "message-metadata" ? last.messageMetadata : undefined;
}

describe("what an answer has used", () => {
  const own = { inputTokens: 10, outputTokens: 5, costMicros: 3 };

  it("holds what its subtasks have used, and only theirs", async () => {
    const whole = { inputTokens: 110, outputTokens: 55, costMicros: 33 };
    expect(await lastOf([call("delegate"), told(own)])).toEqual(whole);
    expect(await lastOf([call("calculate"), told(own)])).toEqual(own);
    expect(await lastOf([call("delegate"), told({ firstTokenMs: 4 })])).toEqual({ firstTokenMs: 4 });
  });

  it("holds that of a research which was approved in a turn before", async () => {
    const part = { type: "tool-deepResearch", toolCallId: "c", state: "approval-responded", input: {} };
    const goesOn = { id: "a", role: "assistant", parts: [part] } as unknown as LongrunUIMessage;
    expect((await lastOf([told(own)], goesOn))?.costMicros).toBe(33);
  });

  it("has no price where one call has none, and is its own where the other cannot be read", async () => {
    const unpriced = () => Promise.resolve({ ...used, costMicros: null as unknown as number });
    expect((await lastOf([call("delegate"), told(own)], null, unpriced))?.costMicros).toBeNull();
    const away = () => Promise.reject(new Error("away"));
    expect(await lastOf([call("delegate"), told(own)], null, away)).toEqual(own);
  });
});
