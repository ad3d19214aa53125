import { setTimeout as sleep } from "node:timers/promises";
import type {
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3StreamPart,
  LanguageModelV3Usage,
} from "@ai-sdk/provider";
import { logger } from "@trigger.dev/sdk";
import { wrapLanguageModel } from "ai";
import { costOf } from "#app/model-catalog/cost.server.ts";
import { recordUsage, type UsageRow } from "#app/models/usage.server.ts";
import type { ResolvedModel } from "#trigger/models.ts";
import { retry } from "#trigger/retry.ts";

/** Whose call it is, and what for. */
export type Call = Pick<UsageRow, "userId" | "chatId" | "kind">;

/** An answer is not held up for its bill for longer than this; the bill is then written beside it. */
const PATIENCE_MS = 1_000;
/** About so many characters are one token, where nobody counts. */
const CHARS_A_TOKEN = 4;

/** The same model, whose every call leaves a row in `Usage`, also one that is cut off. */
export function metered<M extends Pick<ResolvedModel, "id" | "instance">>(model: M, call: Call): M {
  const bill = (usage: LanguageModelV3Usage | null, guess: Guess) =>
    write(rowOf(model.id, call, usage, guess));
  const instance = wrapLanguageModel({
    model: model.instance,
    middleware: {
      specificationVersion: "v3",
      wrapGenerate: async ({ doGenerate, params }) => {
        const result = await doGenerate();
        await bill(result.usage, { input: charsOf(params), output: JSON.stringify(result.content).length });
        return result;
      },
      wrapStream: async ({ doStream, params }) => {
        const result = await doStream();
        return { ...result, stream: counted(result.stream, params, bill) };
      },
    },
  });
  return { ...model, instance: instance as LanguageModelV3 };
}

/** Characters of what was asked and answered. */
type Guess = { input: number; output: number };
type Bill = (usage: LanguageModelV3Usage | null, guess: Guess) => Promise<void>;

const charsOf = ({ prompt }: LanguageModelV3CallOptions): number => JSON.stringify(prompt).length;

function counted(
  source: ReadableStream<LanguageModelV3StreamPart>,
  params: LanguageModelV3CallOptions,
  bill: Bill,
): ReadableStream<LanguageModelV3StreamPart> {
  const reader = source.getReader();
  const guess = { input: charsOf(params), output: 0 };
  let billed = false;
  const once = async (usage: LanguageModelV3Usage | null) => {
    if (billed) return;
    billed = true;
    await bill(usage, guess);
  };
  // Who stops an answer need not read on to where it breaks off.
  params.abortSignal?.addEventListener("abort", () => void once(null), { once: true });
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (value && "delta" in value) guess.output += value.delta.length;
        if (value?.type === "finish") await once(value.usage);
        if (!done) return controller.enqueue(value);
        await once(null);
        controller.close();
      } catch (error) {
        void once(null);
        controller.error(error);
      }
    },
    async cancel(reason) {
      void once(null);
      await reader.cancel(reason);
    },
  });
}

function rowOf(model: string, call: Call, usage: LanguageModelV3Usage | null, guess: Guess): UsageRow {
  const input = usage?.inputTokens.total ?? Math.ceil(guess.input / CHARS_A_TOKEN);
  const output = usage?.outputTokens.total ?? Math.ceil(guess.output / CHARS_A_TOKEN);
  const { cacheRead, cacheWrite } = usage?.inputTokens ?? {};
  return {
    ...call,
    model,
    inputTokens: input,
    outputTokens: output,
    cachedTokens: cacheRead ?? null,
    costMicros: costOf(model, { input, output, cacheRead, cacheWrite }),
    estimated: usage?.inputTokens.total === undefined || usage.outputTokens.total === undefined,
  };
}

/** Bills a request that was sent, and whose answer nobody read: what it took in, by its length. */
export function billUnread(model: string, call: Call, request: string): Promise<void> {
  return write(rowOf(model, call, null, { input: request.length, output: 0 }));
}

/** Never throws: what somebody reads is worth more than its bill. */
async function write(row: UsageRow): Promise<void> {
  const written = retry(() => recordUsage(row)).catch(() =>
    logger.error("what a model's call used could not be stored", {
      model: row.model,
      inputTokens: row.inputTokens,
      outputTokens: row.outputTokens,
    }),
  );
  const late = new AbortController();
  await Promise.race([written, sleep(PATIENCE_MS, null, { signal: late.signal }).catch(() => undefined)]);
  late.abort();
}
