import { useEffect, useRef } from "react";
import { parseQueueNow, type QueueNow } from "#app/shared/queue.ts";

/** How long another device may not know, in milliseconds. */
const LOOK_MS = 2_000;

/**
 * While an answer runs and the page is seen, what waits behind it is asked for: a message that was sent, withdrawn,
 * edited or made to steer on another device reaches the run's stream only when the run comes to it.
 */
export function useOthersQueue(chatId: string, open: boolean, take: (now: QueueNow) => void): void {
  const latest = useRef(take);
  useEffect(() => {
    latest.current = take;
  }, [take]);
  useEffect(() => {
    if (!open) return;
    const left = new AbortController();
    const look = async () => {
      if (document.visibilityState === "hidden") return;
      const response = await fetch(`/chats/${chatId}/queue`, { signal: left.signal });
      if (response.ok) latest.current(parseQueueNow(await response.json()));
    };
    // Away for a moment: the next look comes.
    const timer = setInterval(() => void look().catch(() => undefined), LOOK_MS);
    return () => {
      clearInterval(timer);
      left.abort();
    };
  }, [chatId, open]);
}
