import type { UIMessage, UIMessageChunk } from "ai";
import { expect, test } from "vitest";
import { foldChunks } from "../../tests/support/fold-chunks.ts";
import { chunksOfTurn, compactChunks, outlineOf } from "./open-turn.ts";

const call = { toolCallId: "t1", toolName: "currentTime" };

/** One of everything that an answer can hold, two parts written at once, and names that are used again. */
const everything: UIMessageChunk[] = [
  { type: "start", messageId: "a1", messageMetadata: { model: "m" } },
  { type: "start-step" },
  { type: "reasoning-start", id: "0" },
  { type: "reasoning-delta", id: "0", delta: "Let me " },
  { type: "reasoning-delta", id: "0", delta: "see." },
  { type: "reasoning-end", id: "0", providerMetadata: { p: { signature: "s" } } },
  { type: "text-start", id: "0" },
  { type: "text-start", id: "1" },
  { type: "text-delta", id: "0", delta: "One " },
  { type: "text-delta", id: "1", delta: "Two " },
  { type: "text-delta", id: "0", delta: "and", providerMetadata: { p: { n: 1 } } },
  { type: "text-delta", id: "1", delta: "and" },
  { type: "text-delta", id: "0", delta: " on." },
  { type: "text-end", id: "0" },
  { type: "text-end", id: "1" },
  { type: "message-metadata", messageMetadata: { firstTokenMs: 4 } },
  { type: "tool-input-start", ...call },
  { type: "tool-input-delta", toolCallId: "t1", inputTextDelta: '{"zone":' },
  { type: "tool-input-delta", toolCallId: "t1", inputTextDelta: '"UTC"' },
  { type: "tool-input-delta", toolCallId: "t1", inputTextDelta: "}" },
  { type: "tool-input-available", ...call, input: { zone: "UTC" } },
  { type: "tool-output-available", toolCallId: "t1", output: "1", preliminary: true },
  { type: "tool-output-available", toolCallId: "t1", output: "2", preliminary: true },
  { type: "tool-output-available", toolCallId: "t1", output: "noon" },
  { type: "tool-input-available", toolCallId: "t2", toolName: "askUser", input: { question: "?" } },
  { type: "tool-approval-request", toolCallId: "t2", approvalId: "p2" },
  { type: "tool-input-available", toolCallId: "t3", toolName: "other", input: {}, dynamic: true },
  { type: "tool-output-error", toolCallId: "t3", errorText: "no" },
  { type: "data-progress", id: "d", data: { done: 1 } },
  { type: "data-progress", id: "d", data: { done: 2 } },
  { type: "data-note", data: "x", transient: true },
  { type: "source-url", sourceId: "s", url: "https://example.org" },
  { type: "finish-step" },
  { type: "start-step" },
  { type: "text-start", id: "0" },
  { type: "text-delta", id: "0", delta: "Three <b>&amp; “four”" },
  { type: "text-delta", id: "0", delta: " 👩‍🚀" },
  { type: "text-end", id: "0" },
  { type: "finish-step" },
  { type: "finish", messageMetadata: { durationMs: 9 } },
];

const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

test("an answer that was cut after any of its chunks is rebuilt, and goes on to the same message", async () => {
  const whole = await foldChunks(everything);
  for (let cut = 1; cut <= everything.length; cut += 1) {
    const before = everything.slice(0, cut);
    const partial = await foldChunks(before);
    const compact = compactChunks(before);
    expect(await foldChunks(compact), `${cut} chunks, fewer of them`).toEqual(partial);
    const turn = throughJson({ cursor: "9", messageId: "a1", outline: outlineOf(compact) });
    const rebuilt = chunksOfTurn(turn, [partial as UIMessage]);
    expect(await foldChunks(rebuilt), `${cut} chunks, from the page`).toEqual(partial);
    expect(await foldChunks([...rebuilt, ...everything.slice(cut)]), `${cut} chunks and the rest`).toEqual(
      whole,
    );
  }
});

test("ten thousand deltas are a handful of chunks, and none of them holds the text twice", () => {
  const deltas = Array.from({ length: 10_000 }, (_, n) => ({
    type: "text-delta" as const,
    id: "0",
    delta: `${n} `,
  }));
  const start: UIMessageChunk[] = [
    { type: "start", messageId: "a1" },
    { type: "text-start", id: "0" },
  ];
  const compact = compactChunks([...start, ...deltas]);
  expect(compact).toHaveLength(3);
  expect(JSON.stringify(outlineOf(compact))).not.toContain("9999");
});

test("a page with another answer than the outline's, or none, reads the turn from its beginning", () => {
  const outline: UIMessageChunk[] = [
    { type: "start", messageId: "a1" },
    { type: "text-start", id: "0" },
  ];
  const turn = { cursor: "9", messageId: "a1", outline };
  const answer = (...parts: UIMessage["parts"]): UIMessage => ({ id: "a1", role: "assistant", parts });
  expect(chunksOfTurn(turn, [])).toEqual([]);
  expect(chunksOfTurn(turn, [answer()])).toEqual([]);
  expect(chunksOfTurn(turn, [answer({ type: "reasoning", text: "x" })])).toEqual([]);
  const text = { type: "text" as const, text: "x" };
  expect(chunksOfTurn(turn, [answer(text, text)])).toEqual([]);
  expect(chunksOfTurn(turn, [answer(text)])).toHaveLength(3);
});
