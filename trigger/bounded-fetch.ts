/** More than any event or list of a model server holds, an image in it included. */
const MAX_BYTES = 16 * 1024 * 1024;
const LINE_END = 10;

export const TOO_LONG = "The answer grew too long and was cut off. Ask for a shorter one.";

/** A model server sends something that would fill the memory before anybody could read it. */
export class AnswerTooLong extends Error {
  constructor() {
    super(TOO_LONG);
  }
}

/**
 * `fetch` for model servers, whose event streams are read line by line and everything else as a whole: no line, and no
 * whole, may have more than `maxBytes`. The body then fails with AnswerTooLong. `ask` does the asking.
 */
export async function boundedFetch(
  input: Parameters<typeof fetch>[0],
  init?: RequestInit,
  { maxBytes = MAX_BYTES, ask = fetch }: { maxBytes?: number; ask?: typeof fetch } = {},
): Promise<Response> {
  const response = await ask(input, init);
  if (!response.body) return response;
  const inLines = response.headers.get("content-type")?.includes("text/event-stream") ?? false;
  let bytes = 0;
  const bounded = new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, controller) {
      const end = inLines ? piece.lastIndexOf(LINE_END) : -1;
      const most = inLines ? longestLine(piece, bytes) : bytes + piece.length;
      bytes = end === -1 ? bytes + piece.length : piece.length - end - 1;
      if (most > maxBytes) throw new AnswerTooLong();
      controller.enqueue(piece);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(bounded), { status, statusText, headers });
}

/** In bytes, of the lines that end or go on in this piece; `before`: what the first of them has already. */
function longestLine(piece: Uint8Array, before: number): number {
  let longest = 0;
  let from = -before;
  for (let at = piece.indexOf(LINE_END); at !== -1; at = piece.indexOf(LINE_END, at + 1)) {
    longest = Math.max(longest, at - from);
    from = at + 1;
  }
  return Math.max(longest, piece.length - from);
}
