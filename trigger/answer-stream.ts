import { createUIMessageStream, type UIMessage, type UIMessageChunk, type UIMessageStreamOptions } from "ai";
import type { Used } from "#app/models/usage.server.ts";
import type { LongrunUIMessage, MessageMetadata } from "#app/shared/chat-message.ts";
import { metadataOf, type AnswerFacts } from "#trigger/answer-metadata.ts";
import { withAnswerSoFar } from "#trigger/answer-so-far.ts";
import { TOO_LONG } from "#trigger/bounded-fetch.ts";
import { explainModelError } from "#trigger/model-error.ts";
import { shownFirst, type OpenCall } from "#trigger/open-calls.ts";
import type { StallWatch } from "#trigger/stall-watch.ts";
import { withSubtaskUsage } from "#trigger/subtasks/subtask-usage.ts";

type Chunk = UIMessageChunk<MessageMetadata, { error: { text: string } }>;
type StreamOptions = UIMessageStreamOptions<LongrunUIMessage>;

/** The part of streamText's result that is used, whatever its tools. */
type Result = {
  usage: PromiseLike<unknown>;
  totalUsage: PromiseLike<unknown>;
  toUIMessageStream: <M extends UIMessage>(options?: UIMessageStreamOptions<M>) => ReadableStream<unknown>;
};

/** Far below the 1 MiB that one record may have, with room for escapes. */
const MAX_DELTA_CHARS = 100_000;
/** More than any model says; a runaway answer must not fill the database. */
const MAX_ANSWER_CHARS = 2_000_000;
/** What no cut makes smaller, such as a call's input, has to fit into one record of 1 MiB, in a JSON text of its own. */
const MAX_CHUNK_BYTES = 1_000_000;
/** What run() gives back to the agent: it is streamed to the page and kept. */
export type Answer = Pick<Result, "totalUsage" | "usage"> & {
  toUIMessageStream: (options?: StreamOptions) => ReadableStream<Chunk>;
};

const VISIBLE = /^(text-delta|reasoning-delta|tool-input-start|tool-input-available|file|source-)/;

/** The error as it is kept in the message, then as the page's stream shows it. */
const errorChunks = (text: string): Chunk[] => [
  { type: "data-error", data: { text } },
  { type: "error", errorText: text },
];

/** What this chunk adds to a text, a thought or a call's input. */
function deltaOf(chunk: Chunk): string {
  if (chunk.type === "text-delta" || chunk.type === "reasoning-delta") return chunk.delta;
  return chunk.type === "tool-input-delta" ? chunk.inputTextDelta : "";
}

function split(chunk: Chunk): Chunk[] {
  const whole = deltaOf(chunk);
  if (whole.length <= MAX_DELTA_CHARS) return [chunk];
  const pieces = whole.match(new RegExp(`[^]{1,${MAX_DELTA_CHARS}}`, "gu")) ?? [];
  return pieces.map((delta) =>
    chunk.type === "tool-input-delta" ? { ...chunk, inputTextDelta: delta } : ({ ...chunk, delta } as Chunk),
  );
}

const fitsRecord = (chunk: Chunk): boolean =>
  deltaOf(chunk) !== "" || Buffer.byteLength(JSON.stringify(JSON.stringify(chunk))) <= MAX_CHUNK_BYTES;

/**
 * The model's stream, ended by an error that says so where it breaks or stands still: left alone, a broken one loses
 * what is queued in it, and one that waits for a deaf tool or server never ends. A stop is passed on as it comes.
 */
export function unbroken(
  source: ReadableStream<Chunk>,
  watch: StallWatch,
  stop: AbortSignal,
  explain: (error: unknown) => string,
): ReadableStream<Chunk> {
  const reader = source.getReader();
  let over = false;
  const end = (controller: ReadableStreamDefaultController<Chunk>, errorText: string): void => {
    if (over) return;
    over = true;
    controller.enqueue({ type: "error", errorText });
    controller.close();
    reader.cancel().catch(() => undefined);
  };
  return new ReadableStream<Chunk>({
    start(controller) {
      watch.signal.addEventListener("abort", () => end(controller, watch.sentence), { once: true });
    },
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (over) return;
        if (!done) return controller.enqueue(value);
        over = true;
        controller.close();
      } catch (error) {
        if (stop.aborted) throw error;
        end(controller, explain(error));
      }
    },
    cancel(reason) {
      over = true;
      return reader.cancel(reason);
    },
  });
}

/**
 * Watches over the model's stream: cuts deltas that no record could hold, ends an answer that grows without end,
 * and says so when there is an error, or no answer at all.
 */
export function guardAnswer(watch: StallWatch): TransformStream<Chunk, Chunk> {
  let chars = 0;
  let answered = false;
  let failed = false;
  return new TransformStream<Chunk, Chunk>({
    transform(chunk, controller) {
      watch.touch();
      const fail = (text: string) => {
        if (!failed) for (const one of errorChunks(text)) controller.enqueue(one);
        failed = true;
      };
      if (chunk.type === "error") return fail(chunk.errorText);
      answered ||= VISIBLE.test(chunk.type);
      if (chunk.type === "finish" && !answered) {
        fail("The model answered nothing. Try again, or choose another model.");
      }
      chars += deltaOf(chunk).length;
      if (chars > MAX_ANSWER_CHARS || !fitsRecord(chunk)) {
        fail(TOO_LONG);
        controller.terminate();
        return watch.cut();
      }
      for (const one of split(chunk)) controller.enqueue(one);
    },
    flush: () => watch.stop(),
  });
}

type Turn = {
  /** Calls of tools that a lost run had begun for this answer. */
  begun: OpenCall[];
  /** Aborted when the person or the run stops the answer. */
  stop: AbortSignal;
  /** What its subtasks have used so far. */
  usedBySubtasks: () => Promise<Used>;
};

/** The model's result as the agent pipes it: with metadata, plain errors and limits. */
export function toAnswer(result: Result, facts: AnswerFacts & Turn, watch: StallWatch): Answer {
  return {
    // Asked for only by who awaits them: of a failed answer they reject, and nobody else would notice.
    get totalUsage() {
      return result.totalUsage;
    },
    get usage() {
      return result.usage;
    },
    toUIMessageStream: (options) => {
      const explain = (error: unknown) => explainModelError(error, facts.model);
      const stream = result.toUIMessageStream<LongrunUIMessage>({
        ...options,
        sendReasoning: true,
        sendSources: true,
        messageMetadata: metadataOf(facts),
        onError: explain,
      }) as ReadableStream<Chunk>;
      return unbroken(stream, watch, facts.stop, explain)
        .pipeThrough(guardAnswer(watch))
        .pipeThrough(withSubtaskUsage(facts.goesOn, facts.usedBySubtasks))
        .pipeThrough(shownFirst<MessageMetadata, { error: { text: string } }>(facts.begun))
        .pipeThrough(withAnswerSoFar(facts.goesOn)) as ReadableStream<Chunk>;
    },
  };
}

/** An answer that no model makes: `execute` writes its chunks. */
export function ownAnswer(
  execute: Parameters<typeof createUIMessageStream<LongrunUIMessage>>[0]["execute"],
): Pick<Answer, "toUIMessageStream"> {
  return {
    toUIMessageStream: (options = {}) =>
      createUIMessageStream<LongrunUIMessage>({
        originalMessages: options.originalMessages,
        onFinish: options.onFinish,
        generateId: options.generateMessageId,
        execute,
      }),
  };
}

/** An answer that is only an error, for what fails before the model could be called: it says in which run. */
export const failedAnswer = (text: string, messageMetadata: MessageMetadata) =>
  ownAnswer(({ writer }) => {
    writer.write({ type: "start", messageMetadata });
    for (const chunk of errorChunks(text)) writer.write(chunk);
    writer.write({ type: "finish", finishReason: "error" });
  });
