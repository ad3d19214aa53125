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
    expect(await read(source(chunks, () => undefined).stream, new StallWatch(5000, 60_000))).toEqual(chunks);
  });

  it("whose stream breaks keeps what had come, and ends with the sentence", async () => {
    const { stream } = source([...start, delta("some")], breaks);
    expect(await read(stream, new StallWatch(5000, 60_000))).toEqual([
      ...start,
      delta("some"),
      ...sentence("Sorry: Error: cut"),
    ]);
  });

  it("that stands still for ever is ended with a sentence, and its source is let go", async () => {
    const { stream, cancelled } = source([...start, delta("some")], never);
    expect(await read(stream, new StallWatch(50, 60_000))).toEqual([
      ...start,
      delta("some"),
      ...sentence("The model stopped answering. Try again."),
    ]);
    expect(cancelled()).toBe(true);
  });

  it("that keeps coming, slowly, is not ended", async () => {
    const watch = new StallWatch(120, 60_000);
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
    await expect(read(stream, new StallWatch(5000, 60_000), stop.signal)).rejects.toThrow("cut");
  });

  const tooLong = sentence("The answer grew too long and was cut off. Ask for a shorter one.");

  it("that comes on and on is ended after its time, with a sentence", async () => {
    const on = new ReadableStream<Chunk>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        controller.enqueue(delta("on "));
      },
    });
    const chunks = await read(on, new StallWatch(5000, 100));
    expect(chunks.length).toBeGreaterThan(3);
    expect(chunks.at(-1)).toMatchObject({
      type: "error",
      errorText: expect.stringContaining("took too long"),
    });
  });

  it("whose delta no record could hold comes in pieces, each letter once", async () => {
    const call = {
      type: "tool-input-delta",
      toolCallId: "call",
      inputTextDelta: "y".repeat(250_000),
    } as const;
    const chunks = await read(source([delta("x".repeat(250_000)), call], () => undefined).stream, quiet());
    expect(chunks.map((chunk) => JSON.stringify(chunk).length < 101_000)).not.toContain(false);
    const texts = chunks.map((one) =>
      "delta" in one ? one.delta : "inputTextDelta" in one ? one.inputTextDelta : "",
    );
    expect(texts.join("")).toBe("x".repeat(250_000) + "y".repeat(250_000));
  });

  it.each([
    ["text", () => delta("x".repeat(1_100_000))],
    ["thoughts", (): Chunk => ({ type: "reasoning-delta", id: "0", delta: "x".repeat(1_100_000) })],
    [
      "a call's input",
      (): Chunk => ({ type: "tool-input-delta", toolCallId: "call", inputTextDelta: "x".repeat(1_100_000) }),
    ],
  ])("of too much %s is cut off with a sentence, and its source is let go", async (_of, piece) => {
    const watch = quiet();
    const { stream, cancelled } = source([piece(), piece(), piece()], never);
    expect((await read(stream, watch)).slice(-2)).toEqual(tooLong);
    expect(cancelled()).toBe(true);
    expect(watch.signal.aborted).toBe(true);
  });

  it("with a call that no record could hold is cut off with a sentence", async () => {
    const input = { code: "\u0001".repeat(200_000) };
    const call: Chunk = { type: "tool-input-available", toolCallId: "call", toolName: "run", input };
    expect(await read(source([call], never).stream, quiet())).toEqual(tooLong);
  });
});

function quiet(): StallWatch {
  return new StallWatch(5000, 60_000);
}
