import type { Page } from "playwright-core";

/**
 * What a screen reader says by itself, from now on and after each reload: the texts that come into a live region of the
 * page, in their order.
 */
export async function watchHeard(page: Page): Promise<string[]> {
  const heard: string[] = [];
  await page.exposeFunction("longrunHeard", (text: string) => void heard.push(text));
  await page.addInitScript(() => {
    const LIVE = "[aria-live=polite], [aria-live=assertive], [role=log], [role=status], [role=alert], output";
    const report = (window as unknown as { longrunHeard: (text: string) => void }).longrunHeard;
    const note = (node: Node): void => {
      const within = node instanceof Element ? node : node.parentElement;
      const text = node.textContent?.trim() ?? "";
      if (text !== "" && within?.closest(LIVE)) report(text);
    };
    const observer = new MutationObserver((records) => {
      for (const { type, target, addedNodes } of records) {
        if (type === "characterData") note(target);
        for (const node of addedNodes) note(node);
      }
    });
    document.addEventListener("DOMContentLoaded", () =>
      observer.observe(document.body, { subtree: true, childList: true, characterData: true }),
    );
  });
  return heard;
}
