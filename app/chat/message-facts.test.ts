import { describe, expect, it } from "vitest";
import { messageFacts } from "./message-facts.ts";

const shown = (metadata: Parameters<typeof messageFacts>[0]["metadata"], partial = false) =>
  Object.fromEntries(messageFacts({ metadata }, partial).map(({ name, value }) => [name, value]));

describe("what a message tells about itself", () => {
  it("is everything that the run stored with it, in words", () => {
    expect(
      shown({
        model: "openai:gpt-4.1-mini",
        runId: "run_1",
        version: "20261122.3",
        attempt: 2,
        firstTokenMs: 840,
        headStart: true,
        durationMs: 12_345,
        inputTokens: 1_234,
        outputTokens: 56,
        cachedTokens: 1_000,
        costMicros: 4_210,
        finishReason: "stop",
        recovered: true,
      }),
    ).toEqual({
      Model: "openai:gpt-4.1-mini",
      "Tokens in": "1,234",
      "Tokens out": "56",
      "From the cache": "1,000",
      Cost: "$0.0042",
      "First token after": "840 ms",
      "Head start": "The model was asked while the run still began",
      Took: "12.3 s",
      "Ended by": "The model was done",
      Recovered: "Answered anew after its first run was lost",
      Version: "20261122.3",
      Attempt: "2",
      Run: "run_1",
    });
  });

  it("leaves out what nobody said, and is nothing for a message without metadata", () => {
    expect(shown({ model: "demo:demo", durationMs: 61_400 })).toEqual({
      Model: "demo:demo",
      Took: "1 min 1 s",
    });
    expect(messageFacts({}, false)).toEqual([]);
  });

  it("tells a cost as a person reads it: nothing, unknown, and the smallest", () => {
    const cost = (costMicros: number | null) => shown({ costMicros }).Cost;
    expect([0, null, 1, 42_300, 1_234_567].map(cost)).toEqual([
      "Free",
      "Unknown",
      "$0.000001",
      "$0.0423",
      "$1.23",
    ]);
  });

  it("says that an answer was cut short, and an unknown reason as the provider gave it", () => {
    expect(shown({ finishReason: "other" }, true)).toEqual({
      "Ended by": "other",
      Complete: "No, it was cut short",
    });
  });
});
