import { describe, expect, it } from "vitest";
import { guardAnswer, unbroken } from "./answer-stream.ts";
import { StallWatch } from "./stall-watch.ts";

type Source = Parameters<typeof unbroken>[0];
type Chunk = Source extends ReadableStream<infer C> ? C : never;

const delta = (text: string): Chunk => ({ type: "text-delta", id: "0", delta: text });
const start: Chunk[] = [{ type: "start" }, { type: "text-start", id: "0" }];

/** Gives these chunks one after the other, then what `end` does. */
function source(chunks: Chunk[], end: () => Promise<never> | undefined) {
  const left = [...chunks];
  let cancelled = false;
  const stream = new ReadableStream<Chunk>({
    async pull(controller) {
      const next = left.shift();
      if (next) return controller.enqueue(next);
      await end();
      controller.close();
    },
    cancel: () => {
      cancelled = true;
    },
  });
  return { stream, cancelled: () => cancelled };
}

async function read(
  stream: Source,
  watch: StallWatch,
  stop = new AbortController().signal,
): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  const guarded = unbroken(stream, watch, stop, (error) => `Sorry: ${String(error)}`).pipeThrough(
    guardAnswer(watch),
  );
  for await (const chunk of guarded) chunks.push(chunk);
  return chunks;
}

const sentence = (text: string): Chunk[] => [
  { type: "data-error", data: { text } },
  { type: "error", errorText: text },
];

const breaks = () => Promise.reject(new Error("cut"));
const never = () => new Promise<never>(() => undefined);

describe("an answer", () => {
  it("that is whole passes as it is", async () => {
    const chunks = [...start, delta("all"), { type: "finish" } as const];
    expect(await read(source(chunks, () => undefined).stream, new StallWatch(5000))).toEqual(chunks);
  });

  it("whose stream breaks keeps what had come, and ends with the sentence", async () => {
    const { stream } = source([...start, delta("some")], breaks);
    expect(await read(stream, new StallWatch(5000))).toEqual([
      ...start,
      delta("some"),
      ...sentence("Sorry: Error: cut"),
    ]);
  });

  it("that stands still for ever is ended with a sentence, and its source is let go", async () => {
    const { stream, cancelled } = source([...start, delta("some")], never);
    expect(await read(stream, new StallWatch(50))).toEqual([
      ...start,
      delta("some"),
      ...sentence("The model stopped answering. Try again."),
    ]);
    expect(cancelled()).toBe(true);
  });

  it("that keeps coming, slowly, is not ended", async () => {
    const watch = new StallWatch(120);
    const slow = Array.from({ length: 5 }, (_, at) => delta(String(at)));
    const stream = source(slow, () => undefined).stream.pipeThrough(
      new TransformStream<Chunk, Chunk>({
        async transform(chunk, controller) {
          await new Promise((resolve) => setTimeout(resolve, 50));
          controller.enqueue(chunk);
        },
      }),
    );
    expect(await read(stream, watch)).toEqual(slow);
  });

  it("that breaks because it was stopped is no failure", async () => {
    const stop = new AbortController();
    const stopped = () => {
      stop.abort();
      return breaks();
    };
    const { stream } = source(start, stopped);
    await expect(read(stream, new StallWatch(5000), stop.signal)).rejects.toThrow("cut");
  });
});
