import { useEffect, useState } from "react";
import { useReread } from "#app/chat/use-reread.ts";
import { listNewsSchema, type ChatNews, type ListNews } from "#app/shared/chat-news.ts";

/** While a chat that is not open is being answered. */
const LOOK_AGAIN_MS = 3_000;
/** Otherwise: what another device begins shows by itself, and nobody waits for it. */
const LOOK_SELDOM_MS = 10_000;

/**
 * The news of chats that are not open. The server is asked again while the page is in sight, and when it comes back
 * into sight; where the list itself has changed, the page is read anew.
 */
export function useChatNews(loaded: ListNews, openId: string | undefined): ChatNews {
  const [read, setRead] = useState<{ after: ListNews; news: ChatNews } | null>(null);
  const reread = useReread();
  // What the loader gives is newer than what was read before it.
  const news = read?.after === loaded ? read.news : loaded.news;
  const waits = Object.entries(news).some(([id, what]) => what === "answering" && id !== openId);
  useEffect(() => {
    const left = new AbortController();
    const look = () => {
      if (document.visibilityState !== "visible" || !navigator.onLine) return;
      readNews(left.signal).then(
        (now) => {
          setRead({ after: loaded, news: now.news });
          if (now.mark !== loaded.mark) reread();
        },
        // The next look, or the next page, tells.
        () => undefined,
      );
    };
    document.addEventListener("visibilitychange", look);
    const timer = waits
      ? setInterval(look, LOOK_AGAIN_MS)
      : setInterval(() => !isAnswering() && look(), LOOK_SELDOM_MS);
    return () => {
      left.abort();
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [waits, loaded, reread]);
  return news;
}

/** An answer that is being read does not need the web server, and it does not matter when that is away meanwhile. */
const isAnswering = (): boolean =>
  document.querySelector("[data-chat-status=submitted], [data-chat-status=streaming]") !== null;

async function readNews(signal: AbortSignal): Promise<ListNews> {
  const response = await fetch("/chats/news", { signal });
  if (!response.ok) throw new Error(`The news answered ${response.status}.`);
  return listNewsSchema.parse(await response.json());
}
