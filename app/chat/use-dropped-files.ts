import { useEffect, useState, type ClipboardEvent } from "react";

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") === true;

/** Files that are dropped anywhere on the page; true while some are held over it. */
export function useDroppedFiles(take: (files: File[]) => void, enabled: boolean): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    if (!enabled) return;
    const left = new AbortController();
    const { signal } = left;
    const hold = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      // Else the browser would open the file in the page's place.
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => event.relatedTarget === null && setOver(false);
    const drop = (event: DragEvent) => {
      setOver(false);
      if (!hasFiles(event)) return;
      event.preventDefault();
      take([...(event.dataTransfer?.files ?? [])]);
    };
    addEventListener("dragenter", hold, { signal });
    addEventListener("dragover", hold, { signal });
    addEventListener("dragleave", leave, { signal });
    addEventListener("drop", drop, { signal });
    return () => left.abort();
  }, [take, enabled]);
  return over;
}

/** Files on the clipboard; of text that also comes as a picture the text is meant. */
export function pastedFiles(event: ClipboardEvent): File[] {
  const { files, types } = event.clipboardData;
  return types.includes("text/plain") ? [] : [...files];
}
