import { getToolName, isToolUIPart, type UIMessageChunk } from "ai";
import type { LongrunUIMessage, MessageMetadata } from "#app/shared/chat-message.ts";
import { wrapSoFar } from "#app/shared/so-far.ts";

type Part = LongrunUIMessage["parts"][number];
type ToolPart = Extract<Part, { toolCallId: string }>;
type Chunk = UIMessageChunk;

/** Far below the 1 MiB that one record may have. */
const MAX_DELTA = 100_000;

/**
 * An answer that waited for the person goes on in a turn of its own, under its own id. That turn's stream begins with
 * all that the answer holds already, so that whoever reads only this turn has the whole of it: another device, a page
 * that is loaded in the middle, a run that takes over.
 */
export function withAnswerSoFar(message: LongrunUIMessage | null): TransformStream<Chunk, Chunk> {
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk);
      if (chunk.type !== "start" || !message) return;
      for (const one of message.parts.flatMap(chunksOf)) controller.enqueue(wrapSoFar(one));
    },
  });
}

/** The beginning of such a turn's stream. */
export const soFarOf = ({ id, parts }: LongrunUIMessage): Chunk[] => [
  { type: "start", messageId: id },
  ...parts.flatMap(chunksOf).map(wrapSoFar),
];

function chunksOf(part: Part, index: number): Chunk[] {
  if (part.type === "text" || part.type === "reasoning")
    return written(part.type, part.text, `so-far-${index}`);
  if (part.type === "step-start")
    return index === 0 ? [{ type: "start-step" }] : [{ type: "finish-step" }, { type: "start-step" }];
  if (isToolUIPart(part)) return called(part);
  if (part.type === "source-url" || part.type === "source-document" || part.type === "file") return [part];
  return part.type.startsWith("data-") ? [part as Chunk] : [];
}

function written(type: "text" | "reasoning", text: string, id: string): Chunk[] {
  const deltas = text.match(new RegExp(`[^]{1,${MAX_DELTA}}`, "gu")) ?? [];
  return [
    { type: `${type}-start`, id },
    ...deltas.map((delta): Chunk => ({ type: `${type}-delta`, id, delta })),
    { type: `${type}-end`, id },
  ];
}

/** A decided call that has not run yet is a call that runs: whoever reads this need not ask for a decision again. */
function called(part: ToolPart): Chunk[] {
  const { toolCallId } = part;
  if (part.state === "input-streaming") return [];
  const call = {
    toolCallId,
    toolName: getToolName(part),
    ...(part.type === "dynamic-tool" ? { dynamic: true } : {}),
  };
  const input: unknown = part.input ?? ("rawInput" in part ? part.rawInput : undefined);
  if (part.state === "output-error" && part.input === undefined) {
    return [{ type: "tool-input-error", ...call, input, errorText: part.errorText }];
  }
  const begun: Chunk = { type: "tool-input-available", ...call, input };
  if (part.state === "approval-requested") {
    return [begun, { type: "tool-approval-request", toolCallId, approvalId: part.approval.id }];
  }
  if (part.state === "output-available")
    return [
      begun,
      {
        type: "tool-output-available",
        toolCallId,
        output: part.output,
        ...(part.preliminary ? { preliminary: true } : {}),
      },
    ];
  if (part.state === "output-error")
    return [begun, { type: "tool-output-error", toolCallId, errorText: part.errorText }];
  if (part.state === "output-denied") return [begun, { type: "tool-output-denied", toolCallId }];
  return [begun];
}

/** What was decided in an answer, by call: chunks say that a call was denied, but not why. */
export function decisionsOf(message: LongrunUIMessage | null): Pick<MessageMetadata, "decisions"> {
  const decisions = (message?.parts ?? []).flatMap((part) => {
    if (!isToolUIPart(part) || part.approval?.approved === undefined) return [];
    const { approved, reason } = part.approval;
    return [[part.toolCallId, { approved, ...(reason === undefined ? {} : { reason }) }] as const];
  });
  return decisions.length === 0 ? {} : { decisions: Object.fromEntries(decisions) };
}
