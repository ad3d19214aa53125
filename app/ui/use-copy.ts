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
  const copy = () => void copyText(read()).then(setCopied);
  return { copied, copy };
}

/** Whether the text is on the clipboard now. To be called while a press or a key is handled. */
async function copyText(text: string): Promise<boolean> {
  // Pages that are not served over https, other than this machine's own, have no clipboard.
  if (!navigator.clipboard) return copySelected(text);
  return navigator.clipboard.writeText(text).then(
    () => true,
    () => copySelected(text),
  );
}

/** The way before there was a clipboard: select the text in a box, and copy what is selected. */
function copySelected(text: string): boolean {
  const before = document.activeElement;
  const box = document.createElement("textarea");
  box.value = text;
  box.readOnly = true;
  box.className = "unseen";
  box.style.whiteSpace = "pre";
  // Behind an open dialog nothing can be selected.
  (document.querySelector("dialog[open]") ?? document.body).append(box);
  box.select();
  const copied = document.execCommand("copy");
  box.remove();
  if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  return copied;
}
