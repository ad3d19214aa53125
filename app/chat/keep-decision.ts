import { postForm } from "#app/chat/post-form.ts";
import type { ToolAnswer } from "#app/shared/tool-answers.ts";

/** Gives a decision to the web server; null, or why it is not kept or could not be sent, in a sentence. */
export type KeepDecision = (fields: Record<string, string>) => Promise<string | null>;

/** What the form without scripts sends. */
export function formOf(target: string, answer: ToolAnswer): Record<string, string> {
  if ("answer" in answer) return { target, answer: answer.answer };
  if (answer.approved) return { target, decision: "approve" };
  return { target, decision: "deny", ...(answer.reason === undefined ? {} : { reason: answer.reason }) };
}

const UNREACHABLE = "The server cannot be reached. Try again in a moment.";

/** The door of the chat at this address. */
export function decisionKeeper(chatUrl: string, fetcher: typeof fetch): KeepDecision {
  return async (fields) =>
    (await postForm(`${chatUrl}/decide`, fields, UNREACHABLE, fetcher))?.problem ?? null;
}
