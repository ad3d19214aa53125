import { useCallback, useEffect, useRef, type RefObject } from "react";
import { useEscape } from "#app/ui/use-escape.ts";

type Details = {
  ref: RefObject<HTMLDetailsElement>;
  show: () => void;
  /** Folds it, and gives its button the focus. */
  fold: () => void;
};

/** A disclosure that behaves like a menu: Escape and a press elsewhere fold it. Opens without scripts too. */
export function useCloseDetails(): Details {
  const ref = useRef<HTMLDetailsElement>(null);
  const fold = useCallback(() => {
    if (!ref.current) return;
    ref.current.open = false;
    ref.current.querySelector("summary")?.focus();
  }, []);
  const show = useCallback(() => {
    if (ref.current) ref.current.open = true;
  }, []);
  useEffect(() => {
    const closeOutside = (event: Event) => {
      if (ref.current?.open && !ref.current.contains(event.target as Node)) ref.current.open = false;
    };
    addEventListener("pointerdown", closeOutside);
    return () => removeEventListener("pointerdown", closeOutside);
  }, []);
  useEscape("opened", () => {
    if (!ref.current?.open) return false;
    fold();
    return true;
  });
  return { ref, show, fold };
}
