import { Fragment, memo, useMemo } from "react";
import ReactMarkdown, { type Components, type ExtraProps, type Options } from "react-markdown";
import rehypeHighlight from "rehype-highlight";
import remarkGfm from "remark-gfm";
import { CodeBlock } from "#app/ui/code-block.tsx";
import { markdownBlocks } from "#app/ui/markdown-blocks.ts";

/** What a link of a model may open. Anything else stays plain text. */
const SAFE_LINK = /^(https?:\/\/|mailto:)/i;

function SafeLink({ href, children }: { href?: string | undefined; children?: React.ReactNode }) {
  if (!href || !SAFE_LINK.test(href)) return <span>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}

/** Alignment comes as a style, which the page's policy forbids in HTML: a class does the same. */
function Cell({ node, children }: ExtraProps & { children?: React.ReactNode }) {
  const Tag = node?.tagName === "th" ? "th" : "td";
  const align = node?.properties.align;
  return <Tag className={typeof align === "string" ? `align-${align}` : undefined}>{children}</Tag>;
}

const components: Components = {
  a: ({ href, children }) => <SafeLink href={href}>{children}</SafeLink>,
  // An image that loads by itself could carry the conversation away in its address.
  img: ({ src, alt }) => (
    <SafeLink href={typeof src === "string" ? src : undefined}>{alt || "Image"}</SafeLink>
  ),
  pre: ({ node, children }) => <CodeBlock node={node}>{children}</CodeBlock>,
  table: ({ children }) => (
    <div className="table-scroll">
      <table>{children}</table>
    </div>
  ),
  th: Cell,
  td: Cell,
  input: ({ checked }) => (
    <input type="checkbox" checked={checked === true} disabled readOnly aria-label="Task" />
  ),
};

/** Made once: it registers every language, which for each block of each message is most of a page's time. */
const highlight = rehypeHighlight({ detect: false });

const options: Options = {
  remarkPlugins: [remarkGfm],
  rehypePlugins: [() => highlight],
  components,
  // Only http, https and mailto get through to `SafeLink` and `img`.
  urlTransform: (url) => (SAFE_LINK.test(url) ? url : ""),
};

const Block = memo(function Block({ text }: { text: string }) {
  return <ReactMarkdown {...options}>{text}</ReactMarkdown>;
});

/** A model's Markdown. HTML in it is shown as text, never rendered. */
export const Markdown = memo(function Markdown({ text, streaming }: { text: string; streaming: boolean }) {
  const blocks = useMemo(() => markdownBlocks(text, streaming), [text, streaming]);
  return blocks.map((block, index) => (
    // Blocks only ever grow at the end, so the place of one is its identity.
    // eslint-disable-next-line react/no-array-index-key
    <Fragment key={index}>
      {index > 0 && "\n"}
      <Block text={block} />
    </Fragment>
  ));
});
