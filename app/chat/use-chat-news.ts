import { useEffect, useState } from "react";
import { chatNewsSchema, type ChatNews } from "#app/shared/chat-news.ts";

const LOOK_AGAIN_MS = 3_000;

/**
 * The news of chats that are not open. While one of them is being answered, and when one comes back to the page, the
 * server is asked again; that changes the list and nothing else.
 */
export function useChatNews(loaded: ChatNews, openId: string | undefined): ChatNews {
  const [read, setRead] = useState<{ after: ChatNews; news: ChatNews } | null>(null);
  // What the loader gives is newer than what was read before it.
  const news = read?.after === loaded ? read.news : loaded;
  const waits = Object.entries(news).some(([id, what]) => what === "answering" && id !== openId);
  useEffect(() => {
    const left = new AbortController();
    const look = () => {
      if (document.visibilityState !== "visible") return;
      readNews(left.signal).then(
        (now) => setRead({ after: loaded, news: now }),
        // The next look, or the next page, tells.
        () => undefined,
      );
    };
    document.addEventListener("visibilitychange", look);
    const timer = waits ? setInterval(look, LOOK_AGAIN_MS) : undefined;
    return () => {
      left.abort();
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [waits, loaded]);
  return news;
}

async function readNews(signal: AbortSignal): Promise<ChatNews> {
  const response = await fetch("/chats/news", { signal });
  if (!response.ok) throw new Error(`The news answered ${response.status}.`);
  return chatNewsSchema.parse(await response.json());
}
