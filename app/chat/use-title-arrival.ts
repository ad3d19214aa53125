import { useRouteLoaderData } from "@remix-run/react";
import { useCallback, useEffect, useRef, useState } from "react";
import type { ListedChat } from "#app/chat/group-by-age.ts";
import { useReread } from "#app/chat/use-reread.ts";

/** A title is made after the first answer; how soon depends on the model. */
const LOOK_AGAIN_MS = [250, 500, 1_000, 2_500, 6_000, 15_000];

/**
 * Gives what to call when a turn ends: the list of chats is read again when this chat is not at its top, or
 * has no title yet, and then a few times more until the title is there.
 */
export function useTitleArrival(chatId: string): () => void {
  const chats = useRouteLoaderData<{ chats: ListedChat[] }>("routes/chats")?.chats ?? [];
  const reread = useReread();
  const [looks, setLooks] = useState<number | null>(null);
  const untitled = chats.find(({ id }) => id === chatId)?.title == null;
  const settled = !untitled && chats[0]?.id === chatId;
  const latest = useRef(settled);
  useEffect(() => {
    latest.current = settled;
  }, [settled]);

  useEffect(() => {
    const wait = looks === null ? undefined : LOOK_AGAIN_MS[looks];
    if (wait === undefined || !untitled) return;
    const timer = setTimeout(() => {
      reread();
      setLooks((count) => (count ?? 0) + 1);
    }, wait);
    return () => clearTimeout(timer);
  }, [looks, untitled, reread]);

  return useCallback(() => {
    if (latest.current) return;
    reread();
    setLooks(0);
  }, [reread]);
}
