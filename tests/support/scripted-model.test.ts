import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, streamText } from "ai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defaultText, numberedWords } from "./model-script.ts";
import { startScriptedModel, type ScriptedModel } from "./scripted-model.ts";

let model: ScriptedModel;
const provider = () => createOpenAICompatible({ name: "scripted", baseURL: model.baseUrl })("scripted");

beforeAll(async () => {
  model = await startScriptedModel();
});
afterAll(() => model.stop());

test("the AI SDK reads exactly the text that was scripted, and the request is recorded", async () => {
  const text = `${numberedWords(30)} äöü 漢字 👩‍🚀`;
  model.answer("exact", { text, pieceSize: 3, pieceMs: 0 });
  const result = streamText({ model: provider(), prompt: "exact please" });
  expect(await result.text).toBe(text);
  expect(model.askedFor("exact")).toMatchObject([{ state: "done", sent: text, userText: "exact please" }]);
});

test("an answer without a script is the same for the same text", async () => {
  const result = streamText({ model: provider(), prompt: "hello there" });
  expect(await result.text).toBe(defaultText("hello there"));
});

test("a held answer stands still until it is released, and the next attempt follows its own script", async () => {
  const prepared = model.answer("hold me", (attempt) =>
    attempt === 1 ? { text: "one two", holdAfter: 1, pieceMs: 0 } : { text: "second" },
  );
  const first = streamText({ model: provider(), prompt: "hold me" });
  const text = first.text;
  await prepared.held();
  expect(prepared.asked[0]).toMatchObject({ sent: "one t", state: "open" });
  prepared.release();
  expect(await text).toBe("one two");
  expect(await streamText({ model: provider(), prompt: "hold me" }).text).toBe("second");
});

test("a caller that goes away is seen, and a cut answer is an error for the caller", async () => {
  const prepared = model.answer("leave me", { text: "one two", holdAfter: 1 });
  const abort = new AbortController();
  const left = streamText({ model: provider(), prompt: "leave me", abortSignal: abort.signal });
  left.consumeStream().then(undefined, () => undefined);
  await prepared.held();
  abort.abort();
  await expect.poll(() => prepared.asked[0]?.state).toBe("cut");

  model.answer("cut me", { text: "one two three", cutAfter: 2 });
  let error: unknown;
  const cut = streamText({
    model: provider(),
    prompt: "cut me",
    onError: (event) => void (error = event.error),
  });
  await cut.consumeStream({ onError: (thrown) => void (error = thrown) });
  expect(error).toBeDefined();
});

test("reasoning, a tool call and a refusal reach the AI SDK as such; side requests are told apart", async () => {
  model.answer("call the tool", { tool: { name: "clock", input: { zone: "UTC" } }, reasoning: "let me see" });
  const called = streamText({ model: provider(), prompt: "call the tool" });
  expect(await called.toolCalls).toMatchObject([{ toolName: "clock", input: { zone: "UTC" } }]);
  expect(await called.reasoningText).toBe("let me see");

  model.answer("refuse", { fail: { status: 400, message: "not today" } });
  let error: unknown;
  await streamText({
    model: provider(),
    prompt: "refuse",
    onError: (event) => void (error = event.error),
  }).consumeStream();
  expect(String(error)).toContain("not today");

  const before = model.turns.length;
  expect((await generateText({ model: provider(), prompt: "a title" })).text).toBe("A scripted title");
  expect(model.sideRequests).toHaveLength(1);
  expect(model.turns).toHaveLength(before);
});
