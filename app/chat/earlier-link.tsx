import { useEffect, useRef, type MouseEvent } from "react";
import type { Earlier } from "#app/chat/use-earlier.ts";

type Props = {
  chatId: string;
  /** The first message that is shown. */
  first: string;
  earlier: Earlier;
  /** The reader has left the end: what comes before is read as it comes near. */
  away: boolean;
};

/** So far above the screen that who scrolls at an easy pace never meets the end of what is shown. */
const AHEAD = "1200px 0px 0px 0px";

/** Older messages, at the top of what is shown: a link first, which is followed by itself as one scrolls up. */
export function EarlierLink({ chatId, first, earlier, away }: Props) {
  const link = useRef<HTMLAnchorElement>(null);
  const { state, read } = earlier;
  const watches = away && state === "idle";
  useEffect(() => {
    if (!watches || !link.current) return;
    const seen = (entries: IntersectionObserverEntry[]) =>
      entries.some((entry) => entry.isIntersecting) && read();
    const root = link.current.closest(".scroll");
    const observer = new IntersectionObserver(seen, { root, rootMargin: AHEAD });
    observer.observe(link.current);
    return () => observer.disconnect();
  }, [watches, first, read]);
  const follow = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    read();
  };
  return (
    <p className="earlier">
      <a
        ref={link}
        href={`/chats/${chatId}?before=${encodeURIComponent(first)}#m-${encodeURIComponent(first)}`}
        aria-disabled={state === "reading"}
        onClick={follow}
      >
        Earlier messages
      </a>
      {state === "failed" && (
        <span className="note" role="alert">
          They cannot be read right now. Try again in a moment.
        </span>
      )}
    </p>
  );
}
