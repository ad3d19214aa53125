import { useCallback, useEffect, useRef, type RefObject } from "react";

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
    const closeOnEscape = (event: KeyboardEvent) => {
      if (event.key === "Escape" && ref.current?.open) fold();
    };
    addEventListener("pointerdown", closeOutside);
    addEventListener("keydown", closeOnEscape);
    return () => {
      removeEventListener("pointerdown", closeOutside);
      removeEventListener("keydown", closeOnEscape);
    };
  }, [fold]);
  return { ref, show, fold };
}
