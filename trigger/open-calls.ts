import {
  convertToModelMessages,
  isDeepEqualData,
  type ModelMessage,
  type UIDataTypes,
  type UIMessage,
  type UIMessageChunk,
} from "ai";
import { unwrapSoFar } from "#app/shared/so-far.ts";

/** A tool call of a turn that never ended, as the stream has it; without an outcome nobody knows what came of it. */
export type OpenCall = {
  toolCallId: string;
  toolName: string;
  input: unknown;
  outcome?: { output: unknown } | { errorText: string };
};

type CallChunk = Partial<OpenCall> & {
  type?: string;
  output?: unknown;
  preliminary?: boolean;
  errorText?: string;
};

/** What the page shows, and the model reads, in place of a result that nobody knows. */
export const INTERRUPTED =
  "Interrupted; the result is unknown. It may have taken effect, and was not run again.";

/** A call that waits for the person, or was denied, has not begun. */
const NOT_RUN = new Set(["tool-approval-request", "tool-output-denied"]);

/** Gathers the calls of a turn from its chunks, in their order. */
export class CallReader {
  private calls = new Map<string, OpenCall>();

  /** Takes one chunk of `.out`, of any shape, also one of an answer that goes on and repeats what it had. */
  read(data: unknown): void {
    const chunk = unwrapSoFar((data ?? {}) as UIMessageChunk) as CallChunk;
    if (typeof chunk.toolCallId !== "string") return;
    const known = this.calls.get(chunk.toolCallId);
    if (NOT_RUN.has(chunk.type ?? "")) this.calls.delete(chunk.toolCallId);
    if (chunk.type === "tool-input-available" && typeof chunk.toolName === "string") {
      const { toolCallId, toolName, input } = chunk;
      this.calls.set(toolCallId, { toolCallId, toolName, input });
    } else if (chunk.type === "tool-output-available" && known) {
      // A preliminary one says how far a call has got, not what came of it.
      if (!chunk.preliminary) known.outcome = { output: chunk.output };
    }
    if (chunk.type === "tool-output-error" && known) known.outcome = { errorText: chunk.errorText ?? "" };
  }

  /** The calls so far; begins anew. */
  take(): OpenCall[] {
    const calls = [...this.calls.values()];
    this.calls = new Map();
    return calls;
  }
}

const outcomeOf = ({ outcome }: OpenCall) => outcome ?? { errorText: INTERRUPTED };

function partOf(call: OpenCall): UIMessage["parts"][number] {
  const { toolCallId, toolName, input } = call;
  const outcome = outcomeOf(call);
  const type = `tool-${toolName}` as const;
  if ("output" in outcome)
    return { type, toolCallId, input, state: "output-available", output: outcome.output };
  return { type, toolCallId, input, state: "output-error", errorText: outcome.errorText };
}

/** The partial with what came of its calls: those that it does not have, because nobody knows, are shown as such. */
export function withCalls<M extends UIMessage>(partial: M, calls: OpenCall[]): M {
  const has = new Set(partial.parts.map((part) => ("toolCallId" in part ? part.toolCallId : "")));
  const missing = calls.filter(({ toolCallId }) => !has.has(toolCallId)).map(partOf);
  return missing.length === 0 ? partial : { ...partial, parts: [...partial.parts, ...missing] };
}

/** The calls as the model reads them after the message that it answers anew. */
export function toldToModel(calls: OpenCall[]): Promise<ModelMessage[]> {
  if (calls.length === 0) return Promise.resolve([]);
  return convertToModelMessages([{ role: "assistant", parts: calls.map(partOf) }]);
}

/** Says what came of a call. */
export function outcomeChunk(call: OpenCall): Extract<UIMessageChunk, { type: `tool-output-${string}` }> {
  const { toolCallId } = call;
  const outcome = outcomeOf(call);
  if ("output" in outcome) return { type: "tool-output-available", toolCallId, ...outcome };
  return { type: "tool-output-error", toolCallId, ...outcome };
}

/** Puts the calls at the beginning of the new answer, right after its start. */
export function shownFirst<Metadata, Data extends UIDataTypes>(
  calls: OpenCall[],
): TransformStream<UIMessageChunk<Metadata, Data>, UIMessageChunk<Metadata, Data>> {
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk);
      if (chunk.type !== "start" || calls.length === 0) return;
      controller.enqueue({ type: "start-step" });
      for (const call of calls) {
        const { toolCallId, toolName, input } = call;
        controller.enqueue({ type: "tool-input-available", toolCallId, toolName, input });
        controller.enqueue(outcomeChunk(call));
      }
      controller.enqueue({ type: "finish-step" });
    },
  });
}

/**
 * The same call among those that a lost run had begun: this very one, which an answer that goes on makes again, or one
 * that the model repeats.
 */
export const repeatedOf = (
  calls: OpenCall[],
  { toolCallId, toolName, input }: OpenCall,
): OpenCall | undefined =>
  calls.find((call) => call.toolCallId === toolCallId) ??
  calls.find((call) => call.toolName === toolName && isDeepEqualData(call.input, input));
