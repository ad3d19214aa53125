import { useEffect, useState } from "react";

const SHOWN_MS = 1_500;

/** Copies text to the clipboard; `copied` is true for a moment afterwards. */
export function useCopy(read: () => string): { copied: boolean; copy: () => void } {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => {
    // Pages that are not served over https, other than this machine's own, have no clipboard.
    navigator.clipboard?.writeText(read()).then(
      () => setCopied(true),
      () => undefined,
    );
  };
  return { copied, copy };
}
