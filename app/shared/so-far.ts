import type { UIMessageChunk } from "ai";

/**
 * An answer that goes on after a decision repeats what it holds already, for readers of that one turn. Each chunk is
 * wrapped, because the agent's runtime, which holds the answer itself, must not take it in a second time.
 */
const SO_FAR = "data-so-far";

export const wrapSoFar = (chunk: UIMessageChunk): UIMessageChunk => ({
  type: SO_FAR,
  data: chunk,
  transient: true,
});

/** The chunk as a reader of `.out` takes it in. */
export function unwrapSoFar(chunk: UIMessageChunk): UIMessageChunk {
  return chunk.type === SO_FAR && "data" in chunk ? (chunk.data as UIMessageChunk) : chunk;
}
