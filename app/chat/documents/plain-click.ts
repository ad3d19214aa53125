import type { MouseEvent } from "react";

/** Takes the click on a link, unless it is to open elsewhere. */
export const onPlainClick =
  (take: () => void) =>
  (event: MouseEvent): void => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    take();
  };
