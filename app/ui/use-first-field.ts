import { useEffect, useRef, type RefObject } from "react";

/** Puts the focus into a form's first field, or into the first wrong one each time the form comes back. */
export function useFirstField(returned: unknown): RefObject<HTMLFormElement> {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    // Whoever has begun to type somewhere stays there.
    const typing = form.current?.contains(document.activeElement) ?? false;
    if (typing && !returned) return;
    const wrong = form.current?.querySelector<HTMLInputElement>("input[aria-invalid]");
    (wrong ?? form.current?.querySelector<HTMLInputElement>("input:not([type=hidden])"))?.focus();
  }, [returned]);
  return form;
}
