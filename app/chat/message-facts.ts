import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { formatCost } from "#app/shared/money.ts";

/** One line of what an answer tells about itself. `code`: an identifier, to be copied rather than read. */
export type MessageFact = { name: string; value: string; code?: true };

const FINISHED: Record<string, string> = {
  stop: "The model was done",
  length: "The model's limit of length",
  "content-filter": "The provider's content filter",
  "tool-calls": "The limit of steps",
  error: "An error",
};

const count = new Intl.NumberFormat("en");

/** Milliseconds as a person reads them. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** What is known of an answer, in the order in which it is shown; what is not known is left out. */
export function messageFacts(message: Pick<LongrunUIMessage, "metadata">, partial: boolean): MessageFact[] {
  const known = message.metadata ?? {};
  const facts: (MessageFact | false | undefined)[] = [
    known.model !== undefined && { name: "Model", value: known.model, code: true },
    known.inputTokens !== undefined && { name: "Tokens in", value: count.format(known.inputTokens) },
    known.outputTokens !== undefined && { name: "Tokens out", value: count.format(known.outputTokens) },
    known.cachedTokens !== undefined && { name: "From the cache", value: count.format(known.cachedTokens) },
    known.costMicros !== undefined && {
      name: "Cost",
      value: known.costMicros === null ? "Unknown" : formatCost(known.costMicros),
    },
    known.firstTokenMs !== undefined && { name: "First token after", value: duration(known.firstTokenMs) },
    known.headStart === true && {
      name: "Head start",
      value: "The model was asked while the run still began",
    },
    known.durationMs !== undefined && { name: "Took", value: duration(known.durationMs) },
    known.finishReason !== undefined && {
      name: "Ended by",
      value: FINISHED[known.finishReason] ?? known.finishReason,
    },
    known.summary !== undefined && {
      name: "Was told",
      value: `A summary of the first ${count.format(known.summary.messages)} messages, and all since`,
    },
    known.minded !== undefined && { name: "Second look", value: known.minded },
    known.recovered === true && { name: "Recovered", value: "Answered anew after its first run was lost" },
    partial && { name: "Complete", value: "No, it was cut short" },
    known.version !== undefined && { name: "Version", value: known.version, code: true },
    known.attempt !== undefined && { name: "Attempt", value: String(known.attempt) },
    known.runId !== undefined && { name: "Run", value: known.runId, code: true },
  ];
  return facts.filter((fact) => fact !== false && fact !== undefined);
}
