import { useEffect, useRef } from "react";
import { draftAcknowledged, dropDraft, keepDraft, NEW_CHAT_DRAFT, reopenDraft } from "#app/chat/drafts.ts";
import type { Delivery } from "#app/chat/chat-facts.ts";
import { messageText, type LongrunUIMessage } from "#app/shared/chat-message.ts";

/** Which draft a composer has, and which texts the server already has of it. */
export type DraftOf = { name: string; known: readonly string[] };

/** So many of the newest messages are compared with what was sent and not acknowledged. */
const RECENT = 8;

/** Puts the draft into the box of a page that has just become live. */
export function fillFromDraft(box: HTMLTextAreaElement, { name, known }: DraftOf): void {
  if (box.value === "") {
    box.value = reopenDraft(name, known);
    return;
  }
  // What the server rendered, or was typed before the scripts arrived, is newer than any draft.
  dropDraft(name);
  keepDraft(name, box.value);
}

/** The draft of an open chat; what was sent is forgotten once the server has acknowledged all of it. */
export function useChatDraft(
  chatId: string,
  stored: LongrunUIMessage[],
  delivery: Readonly<Record<string, Delivery>>,
): DraftOf {
  const waiting = Object.keys(delivery).length > 0;
  const waited = useRef(false);
  useEffect(() => {
    if (waited.current && !waiting) draftAcknowledged(chatId);
    waited.current = waiting;
  }, [chatId, waiting]);
  const asked = stored.filter(({ role }) => role === "user");
  const first = asked.length === 1 && asked[0] ? messageText(asked[0]) : null;
  useEffect(() => {
    // The page of a chat is where a new chat's first message leads to.
    if (first !== null) draftAcknowledged(NEW_CHAT_DRAFT, [first]);
  }, [first]);
  return { name: chatId, known: asked.slice(-RECENT).map(messageText) };
}
