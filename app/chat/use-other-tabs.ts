import { useCallback, useEffect, useRef } from "react";
import { useReread } from "#app/chat/use-reread.ts";

/** Gives what tells other tabs of this browser that something of the chat was changed: they read the page again. */
export function useOtherTabs(what: string, chatId: string): () => void {
  const reread = useReread();
  const channel = useRef<BroadcastChannel | null>(null);
  useEffect(() => {
    const opened = new BroadcastChannel(`longrun-${what}-${chatId}`);
    opened.onmessage = reread;
    channel.current = opened;
    return () => opened.close();
  }, [what, chatId, reread]);
  return useCallback(() => channel.current?.postMessage(null), []);
}
