import { setTimeout as sleep } from "node:timers/promises";
import type {
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3GenerateResult,
  LanguageModelV3StreamPart,
  LanguageModelV3Usage,
} from "@ai-sdk/provider";
import { demoStep, type DemoStep } from "#trigger/demo-script.ts";

/** How much longer a pause is when the person asks for a slow answer. */
const SLOW_FACTOR = 10;

/** A sentence that is meant for the person as it is. */
export class DemoFailure extends Error {}

const UNKNOWN_USAGE: LanguageModelV3Usage = {
  inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
};

/** Words with the white space that follows them: joined they are the text again. */
const words = (text: string): string[] => text.split(/(?<=\s)(?=\S)/);

async function* steps(
  step: DemoStep,
  options: LanguageModelV3CallOptions,
  delayMs: number,
): AsyncGenerator<LanguageModelV3StreamPart> {
  const pause = () =>
    sleep(step.slow ? delayMs * SLOW_FACTOR : delayMs, null, { signal: options.abortSignal });
  yield { type: "stream-start", warnings: [] };
  for (const kind of ["reasoning", "text"] as const) {
    const text = step[kind];
    if (!text) continue;
    yield { type: `${kind}-start`, id: kind };
    for (const delta of words(text)) {
      await pause();
      yield { type: `${kind}-delta`, id: kind, delta };
    }
    yield { type: `${kind}-end`, id: kind };
  }
  if (step.failure) yield { type: "error", error: new DemoFailure(step.failure) };
  if (step.tool) {
    await pause();
    // One call a prompt: its length tells the calls of one conversation apart, the same way every time.
    const toolCallId = `demo-${options.prompt.length}`;
    yield { type: "tool-call", toolCallId, toolName: step.tool.name, input: JSON.stringify(step.tool.input) };
  }
  const unified = step.failure ? "error" : step.tool ? "tool-calls" : "stop";
  yield { type: "finish", usage: UNKNOWN_USAGE, finishReason: { unified, raw: unified } };
}

function toStream(
  parts: AsyncGenerator<LanguageModelV3StreamPart>,
): ReadableStream<LanguageModelV3StreamPart> {
  return new ReadableStream({
    async pull(controller) {
      try {
        const next = await parts.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      } catch (error) {
        controller.error(error);
      }
    },
    async cancel() {
      await parts.return(undefined);
    },
  });
}

/**
 * The model for when there is no other: it says prepared text at a human pace, the same for the same prompt.
 * `delayMs` is the pause before each word.
 */
export function demoModel({ delayMs }: { delayMs: number }): LanguageModelV3 {
  return {
    specificationVersion: "v3",
    provider: "demo",
    modelId: "demo",
    supportedUrls: {},
    doStream: (options) =>
      Promise.resolve({ stream: toStream(steps(demoStep(options.prompt), options, delayMs)) }),
    doGenerate(options): Promise<LanguageModelV3GenerateResult> {
      const { text, failure } = demoStep(options.prompt);
      if (failure) return Promise.reject(new DemoFailure(failure));
      return Promise.resolve({
        content: text ? [{ type: "text", text }] : [],
        finishReason: { unified: "stop", raw: "stop" },
        usage: UNKNOWN_USAGE,
        warnings: [],
      });
    },
  };
}
