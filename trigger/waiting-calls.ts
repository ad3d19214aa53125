import { chat } from "@trigger.dev/sdk/ai";
import { isToolUIPart } from "ai";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { acceptAnswers, withoutWaiting } from "#app/shared/tool-answers.ts";

/**
 * The answers to waiting calls among what a browser sent, as decided by our own history; null when it is something
 * else. An answer that comes too late is passed over without a word: the turn that decided shows what was decided.
 */
export function acceptedAnswers(messages: readonly LongrunUIMessage[]): LongrunUIMessage[] | null {
  const [message] = messages;
  if (messages.length !== 1 || message?.role !== "assistant") return null;
  const accepted = acceptAnswers(message, chat.history.all() as LongrunUIMessage[]);
  if (accepted === null) return null;
  return accepted === "stale" ? [] : [accepted];
}

/** The history of a turn whose person wrote on instead of deciding: what waited before their message is decided. */
export function settleWaiting(messages: LongrunUIMessage[]): LongrunUIMessage[] {
  if (messages.at(-1)?.role !== "user") return messages;
  const settled = messages.map(withoutWaiting);
  if (settled.every((message, index) => message === messages[index])) return messages;
  chat.history.set(settled);
  return settled;
}

const isPreliminary = (part: object): boolean => "preliminary" in part && part.preliminary === true;

/**
 * What a lost run did of an answer that goes on, put on the answer as it is stored: results that reached the stream
 * are kept, so that no call is made again for them.
 */
export function withResultsOf(stored: LongrunUIMessage, partial: LongrunUIMessage): LongrunUIMessage {
  const results = new Map(
    partial.parts.flatMap((part) =>
      isToolUIPart(part) && part.state.startsWith("output-") && !isPreliminary(part)
        ? [[part.toolCallId, part] as const]
        : [],
    ),
  );
  const parts = stored.parts.map((part) => {
    if (!isToolUIPart(part) || part.state !== "approval-responded") return part;
    const result = results.get(part.toolCallId);
    if (!result || (result.state !== "output-available" && result.state !== "output-error")) return part;
    return { ...result, approval: part.approval } as unknown as typeof part;
  });
  return { ...stored, parts };
}
