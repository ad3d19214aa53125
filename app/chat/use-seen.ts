import { useCallback, useEffect, useRef } from "react";
import type { TurnEnd } from "#app/chat/chat-listener.ts";

/**
 * Gives what to call when a turn of the open chat ends: the server learns how far its owner has seen it, as soon as
 * the page is in sight.
 */
export function useSeen(chatId: string): (end: TurnEnd) => void {
  const unsaid = useRef<string | null>(null);
  const say = useCallback(() => {
    if (unsaid.current === null || document.visibilityState !== "visible") return;
    // It leaves with the page too, and an answer to it is not needed.
    navigator.sendBeacon(`/chats/${chatId}/seen`, new URLSearchParams({ eventId: unsaid.current }));
    unsaid.current = null;
  }, [chatId]);
  useEffect(() => {
    document.addEventListener("visibilitychange", say);
    return () => document.removeEventListener("visibilitychange", say);
  }, [say]);
  return useCallback(
    ({ lastEventId }: TurnEnd) => {
      unsaid.current = lastEventId ?? unsaid.current;
      say();
    },
    [say],
  );
}
