import { useEffect, useRef } from "react";
import {
  draftAcknowledged,
  dropDraft,
  keepDraft,
  type Known,
  NEW_CHAT_DRAFT,
  reopenDraft,
} from "#app/chat/drafts.ts";
import type { Delivery } from "#app/chat/chat-facts.ts";
import { type AttachedFile, attachedIds } from "#app/shared/attachment.ts";
import { messageText, type LongrunUIMessage } from "#app/shared/chat-message.ts";

/** Which draft a composer has, and what the server already has of it. */
export type DraftOf = { name: string; known: Known };

/** So many of the newest messages are compared with what was sent and not acknowledged. */
const RECENT = 8;

/** Puts the draft into the box of a page that has just become live; gives the files that go with it. */
export function fillFromDraft(box: HTMLTextAreaElement, { name, known }: DraftOf): AttachedFile[] {
  const { text, files } = reopenDraft(name, known);
  if (box.value === "") {
    box.value = text;
    return files;
  }
  // What the server rendered, or was typed before the scripts arrived, is newer than any draft.
  dropDraft(name);
  keepDraft(name, box.value);
  return files;
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
  const first = asked.length === 1 && asked[0] ? JSON.stringify(knownOf(asked)) : null;
  useEffect(() => {
    // The page of a chat is where a new chat's first message leads to.
    if (first !== null) draftAcknowledged(NEW_CHAT_DRAFT, JSON.parse(first) as Known);
  }, [first]);
  return { name: chatId, known: knownOf(asked.slice(-RECENT)) };
}

const knownOf = (messages: LongrunUIMessage[]): Known => ({
  texts: messages.map(messageText),
  files: messages.flatMap(attachedIds),
});
