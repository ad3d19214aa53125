import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";

type Corpus = Record<string, string[]>;

/** The texts of a corpus file, with the trap's address in them. */
export function corpus(name: string, trap: { url: string; host: string }): Corpus {
  const file = new URL(`../corpora/${name}.json`, import.meta.url);
  const filled = readFileSync(file, "utf8").replaceAll("TRAPHOST", trap.host).replaceAll("TRAP", trap.url);
  const { about: _, ...texts } = JSON.parse(filled) as Corpus & { about: unknown };
  return texts;
}

/** What the page was seen to do that no text may make it do. */
export type PageGuard = { ran: string[]; blocked: string[]; strange: string[] };

/**
 * Watches a page from now on: scripts of a text that ran, what the policy had to stop, and elements in messages that no
 * Markdown makes.
 */
export async function guardPage(page: Page): Promise<PageGuard> {
  const guard: PageGuard = { ran: [], blocked: [], strange: [] };
  await page.exposeFunction("pwned", (what: unknown) => void guard.ran.push(String(what)));
  await page.exposeFunction("longrunBlocked", (what: string) => void guard.blocked.push(what));
  await page.exposeFunction("longrunStrange", (what: string) => void guard.strange.push(what));
  page.on("dialog", (dialog) => {
    guard.ran.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.addInitScript(watchDocument);
  return guard;
}

function watchDocument(): void {
  if (window !== window.top) return;
  const { longrunBlocked, longrunStrange } = window as unknown as Record<string, (what: string) => void>;
  document.addEventListener("securitypolicyviolation", (event) => {
    // The checker of forms asks once whether it may compile what it checks with, and may not.
    if (event.blockedURI === "eval") return;
    longrunBlocked?.(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`);
  });
  const NEVER =
    "script, style, link, meta, base, object, embed, frame, portal, video, audio, track, source, picture, template, " +
    "marquee, body, title, xmp, image, use, animate, foreignObject, feImage, table[background], a[ping], [srcset], " +
    "input:not([type=checkbox]), img:not([src^='/attachments/']), iframe:not([sandbox='allow-scripts'][src^='/frames/'])";
  const LINK = /^(https?:|mailto:|\/chats\/)/;
  const strangeIn = (element: Element): string | null => {
    if (element.matches(NEVER)) return element.outerHTML;
    const names = element.getAttributeNames();
    if (names.some((name) => name.startsWith("on") || name === "srcdoc")) return element.outerHTML;
    const href = element.getAttribute("href");
    const safe = element.getAttribute("rel")?.includes("noopener") || href?.startsWith("/chats/");
    return href !== null && !(LINK.test(href) && safe) ? element.outerHTML : null;
  };
  const look = (node: Node): void => {
    if (!(node instanceof Element)) return;
    const message = node.closest("[data-message-id]");
    const inside = message ? [node] : [...node.querySelectorAll("[data-message-id]")];
    for (const root of inside) {
      for (const element of [root, ...root.querySelectorAll("*")]) {
        const strange = strangeIn(element);
        if (strange !== null) longrunStrange?.(strange.slice(0, 300));
      }
    }
  };
  const observer = new MutationObserver((records) => {
    for (const { target, addedNodes, type } of records) {
      if (type === "attributes") look(target);
      for (const node of addedNodes) look(node);
    }
  });
  observer.observe(document, { subtree: true, childList: true, attributeFilter: ["href", "src", "style"] });
}

/** The policy of an answer, by directive. */
export function policyOf(response: Response): Record<string, string> {
  const header = response.headers.get("content-security-policy") ?? "";
  return Object.fromEntries(
    header.split("; ").map((line): [string, string] => {
      const at = `${line} `.indexOf(" ");
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}
