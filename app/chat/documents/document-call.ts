import { isToolUIPart } from "ai";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { documentOutput } from "#app/shared/document-tools.ts";
import { documentKind, type DocumentKind } from "#app/shared/documents.ts";

type Part = LongrunUIMessage["parts"][number];
type DocumentPart = Extract<Part, { type: "tool-writeDocument" | "tool-editDocument" }>;

export const isDocumentPart = (part: Part): part is DocumentPart =>
  part.type === "tool-writeDocument" || part.type === "tool-editDocument";

/** What a call of a tool does to a document, as far as it has got. */
export type DocumentCall = {
  callId: string;
  writes: "whole" | "places";
  /** Null: a new one, or not said yet. */
  documentId: string | null;
  title: string | null;
  kind: DocumentKind | null;
  language: string | null;
  /** As far as it is written; empty where places are changed. */
  text: string;
  state: "writing" | "done" | "failed" | "broken-off";
  /** Once it is done. */
  version: number | null;
  error: string | null;
};

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

/** `running`: its answer is being written. */
export function documentCall(part: DocumentPart, running: boolean): DocumentCall {
  const input = (part.input ?? {}) as Record<string, unknown>;
  const output = part.state === "output-available" ? documentOutput.safeParse(part.output).data : undefined;
  return {
    callId: part.toolCallId,
    writes: part.type === "tool-writeDocument" ? "whole" : "places",
    documentId: output?.documentId ?? text(input.documentId),
    title: output?.title ?? text(input.title),
    kind: output?.kind ?? documentKind.safeParse(input.kind).data ?? null,
    language: output?.language ?? text(input.language),
    text: text(input.text) ?? "",
    state: output ? "done" : part.state === "output-error" ? "failed" : running ? "writing" : "broken-off",
    version: output?.version ?? null,
    error: part.state === "output-error" ? (part.errorText ?? null) : null,
  };
}

/** All calls of the messages that write documents, oldest first. `running`: the last answer is being written. */
export function documentCalls(messages: readonly LongrunUIMessage[], running: boolean): DocumentCall[] {
  const last = running ? messages.findLastIndex(({ role }) => role === "assistant") : -1;
  return messages.flatMap((message, index) =>
    message.parts.flatMap((part) =>
      isToolUIPart(part) && isDocumentPart(part) ? [documentCall(part, index === last)] : [],
    ),
  );
}
