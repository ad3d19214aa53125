import { useLocation } from "@remix-run/react";
import { useEffect, useRef, type RefObject } from "react";

const MARKED_MS = 2_500;

/** Leads to the message that the address names, once for each visit, and marks it for a moment. */
export function useLanding(
  messageId: string | null,
  scroller: RefObject<HTMLElement | null>,
  letGo: () => void,
): void {
  const { key } = useLocation();
  const landed = useRef<string | null>(null);
  useEffect(() => {
    const element = messageId === null ? null : document.getElementById(`m-${messageId}`);
    if (!element || !scroller.current || landed.current === key) return;
    landed.current = key;
    letGo();
    // Where the anchor has led there already, nothing moves.
    const { top, bottom } = scroller.current.getBoundingClientRect();
    const place = element.getBoundingClientRect();
    if (place.top < top || place.top > bottom - 80) element.scrollIntoView({ block: "start" });
    element.tabIndex = -1;
    element.focus({ preventScroll: true });
    element.dataset["found"] = "";
    setTimeout(() => delete element.dataset["found"], MARKED_MS);
  }, [key, messageId, scroller, letGo]);
}
