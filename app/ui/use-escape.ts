import { useEffect, useRef } from "react";

/**
 * Escape belongs to the innermost that has a use for it: whoever takes it prevents its default, and then nobody else
 * does. React's own handlers are asked first (its root is the document), then what has opened, then the page.
 */
export function useEscape(of: "opened" | "page", take: () => boolean): void {
  const latest = useRef(take);
  useEffect(() => {
    latest.current = take;
  });
  useEffect(() => {
    const target = of === "opened" ? document : window;
    const onKey = (event: Event) => {
      if (event instanceof KeyboardEvent && isFree(event) && latest.current()) event.preventDefault();
    };
    target.addEventListener("keydown", onKey);
    return () => target.removeEventListener("keydown", onKey);
  }, [of]);
}

/** A dialog closes by itself, but only if nobody prevents that; what is composed is taken back by Escape. */
const isFree = (event: KeyboardEvent): boolean =>
  event.key === "Escape" &&
  !event.defaultPrevented &&
  !event.isComposing &&
  !document.querySelector("dialog[open]");
