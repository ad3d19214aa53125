import { Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom";
import TurndownService from "turndown";

const NEVER_TEXT = "script, style, noscript, template, iframe, object, svg, nav, form, button, link, meta";

/** The element to convert, as a browser's DOM types call it. */
type Root = Parameters<TurndownService["turndown"]>[0];

/** What a person would read of an HTML page, as Markdown, with its title. Nothing of the page is run or loaded. */
export function readableText(html: string, url: URL): { title: string | null; text: string } {
  const { document } = parseHTML(/<html[\s>]/i.test(html) ? html : `<html><body>${html}</body></html>`);
  const heading = document.querySelector("title")?.textContent?.trim() || null;
  const whole = document.body ?? document.documentElement;
  const everything = whole.cloneNode(true) as Element;
  const article = new Readability(document as unknown as Document, { maxElemsToParse: 50_000 }).parse();
  const main = article?.content
    ? parseHTML(`<html><body>${article.content}</body></html>`).document.body
    : null;
  const source = main && (main.textContent?.trim().length ?? 0) > 200 ? main : everything;
  for (const element of source.querySelectorAll(NEVER_TEXT)) element.remove();
  absoluteLinks(source, url);
  const markdown = converter().turndown(source as unknown as Root);
  return { title: article?.title?.trim() || heading, text: markdown.replace(/\n{3,}/g, "\n\n").trim() };
}

function absoluteLinks(root: Element, base: URL): void {
  for (const link of root.querySelectorAll("a[href]")) {
    const href = link.getAttribute("href") ?? "";
    if (URL.canParse(href, base)) link.setAttribute("href", new URL(href, base).href);
  }
}

function converter(): TurndownService {
  const service = new TurndownService({
    headingStyle: "atx",
    codeBlockStyle: "fenced",
    bulletListMarker: "-",
  });
  // A picture says nothing to a reader of text, and its address may be long.
  service.addRule("images", {
    filter: "img",
    replacement: (_, node) => (node as Element).getAttribute("alt") ?? "",
  });
  return service;
}
