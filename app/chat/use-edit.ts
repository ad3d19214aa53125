import { useCallback, useEffect, useRef, useState } from "react";
import { keepEdit, keptEdit } from "#app/chat/drafts.ts";

export type OpenEdit = {
  /** The message that is being edited. */
  editing: string | null;
  /** Opens a message to be edited; null drops the edit with what was written. */
  edit: (messageId: string | null) => void;
  /** What was written in the place of this message; null while its text is as it was. */
  written: (messageId: string) => string | null;
  write: (messageId: string, text: string) => void;
};

/** The edit that is open in a chat. What was written stays when a run takes the message up, and after a reload. */
export function useEdit(chatId: string): OpenEdit {
  const [editing, setEditing] = useState<string | null>(null);
  const kept = useRef<{ messageId: string; text: string } | null>(null);
  useEffect(() => {
    kept.current = keptEdit(chatId);
    if (kept.current) setEditing(kept.current.messageId);
  }, [chatId]);
  const edit = useCallback(
    (messageId: string | null) => {
      kept.current = null;
      keepEdit(chatId, null);
      setEditing(messageId);
    },
    [chatId],
  );
  const write = useCallback(
    (messageId: string, text: string) => {
      kept.current = { messageId, text };
      keepEdit(chatId, kept.current);
    },
    [chatId],
  );
  const written = useCallback(
    (messageId: string) => (kept.current?.messageId === messageId ? kept.current.text : null),
    [],
  );
  return { editing, edit, written, write };
}
