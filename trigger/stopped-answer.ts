import { isToolUIPart, type UIMessageChunk } from "ai";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { unwrapSoFar } from "#app/shared/so-far.ts";
import { soFarOf } from "#trigger/answer-so-far.ts";
import { ownAnswer, type Answer } from "#trigger/answer-stream.ts";
import { outcomeChunk, type OpenCall } from "#trigger/open-calls.ts";
import type { RunState } from "#trigger/run-state.ts";

type Chunk = UIMessageChunk;

/** The live stop, where it comes too, must meet this turn and not the next one. */
const STOP_COMES_MS = 500;

const STOPPED = "It was stopped before it ran.";

/**
 * The chunks of an answer that was stopped when its run was lost: all that had been written, and its end. Calls without
 * a result go, as in an answer that is stopped while its run lives; but not those that `ends` says the end of.
 */
export function stoppedChunks(written: readonly Chunk[], ends: ReadonlyMap<string, Chunk>): Chunk[] {
  const open = openOf(written);
  const kept = written.filter((chunk) => {
    const id = callOf(chunk);
    return id === null || !open.calls.has(id) || ends.has(id);
  });
  const outcomes = [...open.calls].flatMap((id) => ends.get(id) ?? []);
  const recovered: Chunk = { type: "message-metadata", messageMetadata: { recovered: true } };
  return [...kept, ...open.parts, ...outcomes, recovered, { type: "abort" }];
}

/** How calls end of which the person has to know: those that may have taken effect, and those that were decided. */
function endsOf(calls: readonly OpenCall[], goesOn: LongrunUIMessage | null): Map<string, Chunk> {
  const ends = new Map(calls.map((call): [string, Chunk] => [call.toolCallId, outcomeChunk(call)]));
  for (const part of goesOn?.parts ?? []) {
    if (!isToolUIPart(part) || part.state !== "approval-responded" || ends.has(part.toolCallId)) continue;
    const { toolCallId, approval } = part;
    const end: Chunk = approval.approved
      ? { type: "tool-output-error", toolCallId, errorText: STOPPED }
      : { type: "tool-output-denied", toolCallId };
    ends.set(toolCallId, end);
  }
  return ends;
}

const callOf = (chunk: Chunk): string | null => {
  const inner = unwrapSoFar(chunk);
  return "toolCallId" in inner ? inner.toolCallId : null;
};

/** The ends that texts and thoughts lack, and the calls that have neither a result nor a question to the person. */
function openOf(written: readonly Chunk[]): { parts: Chunk[]; calls: Set<string> } {
  const parts = new Map<string, Chunk>();
  const calls = new Set<string>();
  for (const chunk of written) {
    if (chunk.type === "text-start" || chunk.type === "reasoning-start") {
      const type = chunk.type === "text-start" ? "text-end" : "reasoning-end";
      parts.set(chunk.id, { type, id: chunk.id });
    }
    if (chunk.type === "text-end" || chunk.type === "reasoning-end") parts.delete(chunk.id);
    const id = callOf(chunk);
    if (id === null) continue;
    const { type } = unwrapSoFar(chunk);
    if (/^tool-input-(start|delta|available)$/.test(type)) calls.add(id);
    else calls.delete(id);
  }
  return { parts: [...parts.values()], calls };
}

/**
 * The answer that a lost run had begun, or that was to go on, once more and no further; the model is not
 * asked. Undefined where there is nothing. `calls`: what the lost run may have done.
 */
export function stoppedAnswer(
  { tail, recovering, goesOn }: RunState,
  calls: readonly OpenCall[],
  stop: AbortSignal,
): Pick<Answer, "toUIMessageStream"> | undefined {
  const written = (recovering && tail?.lost?.chunks) || (goesOn && soFarOf(goesOn));
  if (!written) return undefined;
  // Under an id of its own: a page that has the beginning already would add to it what it reads.
  const named = goesOn ? written : written.map(withoutId);
  return ownAnswer(async ({ writer }) => {
    for (const chunk of stoppedChunks(named, endsOf(calls, goesOn))) writer.write(chunk as never);
    await abortedWithin(stop, STOP_COMES_MS);
  });
}

function withoutId(chunk: Chunk): Chunk {
  if (chunk.type !== "start") return chunk;
  const { messageId: _, ...start } = chunk;
  return start;
}

function abortedWithin(signal: AbortSignal, ms: number): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
