import { generateText, stepCountIs, streamText, type ModelMessage } from "ai";
import { describe, expect, it } from "vitest";
import { DemoFailure, demoModel } from "./demo-model.ts";
import { chatTools } from "./tools/index.ts";

process.env.DATABASE_URL ??= "postgres://unused";
process.env.SESSION_SECRET ??= "0123456789abcdef";

const model = demoModel({ delayMs: 0 });

const ask = (text: string) =>
  streamText({
    model,
    prompt: text,
    stopWhen: stepCountIs(1),
    tools: chatTools({ userId: "u", chatId: "c", runId: "run", said: () => [] }),
    onError: () => undefined,
  });

async function stepOf(text: string) {
  const { content } = (await ask(text).steps)[0] ?? { content: [] };
  return content;
}

describe("the demo model", () => {
  it("says that it is no AI and names the variables of the real ones", async () => {
    const text = await ask("hello").text;
    expect(text).toContain("demo model");
    expect(text).toContain("not an AI");
    for (const name of [
      "OPENAI_API_KEY",
      "ANTHROPIC_API_KEY",
      "GOOGLE_GENERATIVE_AI_API_KEY",
      "OPENAI_COMPATIBLE_BASE_URL",
      "Ollama",
    ]) {
      expect(text).toContain(name);
    }
  });

  it("gives the same pieces for the same words", async () => {
    const pieces = async () => {
      const seen: string[] = [];
      for await (const piece of ask("a long one").textStream) seen.push(piece);
      return seen;
    };
    expect(await pieces()).toEqual(await pieces());
  });

  it("gives a long answer of at least 400 words with a table, a list and a code block, word by word", async () => {
    let text = "";
    let pieces = 0;
    for await (const piece of ask("something long please").textStream) {
      text += piece;
      pieces += 1;
    }
    expect(text.split(/\s+/).length).toBeGreaterThanOrEqual(400);
    expect(pieces).toBeGreaterThanOrEqual(400);
    expect(text).toMatch(/^\| part \|/m);
    expect(text).toMatch(/^```ts$/m);
    expect(text).toMatch(/^1\. /m);
  });

  it("shows reasoning when it is asked to think", async () => {
    expect((await stepOf("think about it")).map((part) => part.type)).toEqual(["reasoning", "text"]);
  });

  it.each([
    ["What time is it?", "currentTime", {}],
    ["search my chats for lisbon in may", "searchChats", { query: "lisbon in may" }],
  ])("calls a tool when it is asked: %s", async (text, toolName, input) => {
    const call = (await stepOf(text)).find((part) => part.type === "tool-call");
    expect(call).toMatchObject({ toolName, input });
  });

  it("tells what the tool answered, then ends", async () => {
    const messages: ModelMessage[] = [
      { role: "user", content: "What time is it?" },
      {
        role: "assistant",
        content: [{ type: "tool-call", toolCallId: "t1", toolName: "currentTime", input: {} }],
      },
      {
        role: "tool",
        content: [
          {
            type: "tool-result",
            toolCallId: "t1",
            toolName: "currentTime",
            output: { type: "json", value: { iso: "noon" } },
          },
        ],
      },
    ];
    const { text, finishReason } = await generateText({ model, messages });
    expect(text).toContain('"iso": "noon"');
    expect(finishReason).toBe("stop");
  });

  it("fails when it is asked to, after the first words", async () => {
    const errors: unknown[] = [];
    const failing = streamText({
      model,
      prompt: "show me an error",
      onError: ({ error }) => void errors.push(error),
    });
    let text = "";
    for await (const piece of failing.textStream) text += piece;
    expect(text).toBe("I start to answer, and then");
    expect(errors[0]).toBeInstanceOf(DemoFailure);
  });

  it("speaks at the pace it is given, ten times slower on request, and stops at once", async () => {
    const paced = demoModel({ delayMs: 5 });
    const timeToWords = async (prompt: string, count: number) => {
      const abort = new AbortController();
      const start = performance.now();
      let words = 0;
      for await (const _ of streamText({ model: paced, prompt, abortSignal: abort.signal }).textStream) {
        words += 1;
        if (words === count) abort.abort();
      }
      return { ms: performance.now() - start, words };
    };
    const fast = await timeToWords("hello", 8);
    const slow = await timeToWords("hello, slow", 8);
    expect(fast.ms).toBeGreaterThanOrEqual(8 * 4);
    expect(slow.ms).toBeGreaterThanOrEqual(8 * 45);
    expect(fast.words).toBeLessThanOrEqual(9);
  });
});
