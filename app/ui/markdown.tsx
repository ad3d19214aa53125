import { Fragment, memo, useMemo } from "react";
import ReactMarkdown, { type Components, type ExtraProps, type Options } from "react-markdown";
import rehypeHighlight from "rehype-highlight";
import remarkGfm from "remark-gfm";
import { tooInvolved } from "#app/ui/involved-text.ts";
import { markdownBlocks } from "#app/ui/markdown-blocks.ts";
import { Fenced, InlineCode, UnfinishedBlock } from "#app/ui/rich/fenced.tsx";
import { remarkFormulas } from "#app/ui/rich/formula-syntax.ts";
import { InLink, isOwnImage, OutsideImage } from "#app/ui/rich/outside-image.tsx";

/** What a link of a model may open. Anything else stays plain text. */
const SAFE_LINK = /^(https?:\/\/|mailto:)/i;

function SafeLink({ href, children }: { href?: string | undefined; children?: React.ReactNode }) {
  if (!href || !SAFE_LINK.test(href)) return <span>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      <InLink value>{children}</InLink>
    </a>
  );
}

/** An attachment of one's own loads by itself; any other image waits until somebody asks for it. */
function Image({ src, alt = "" }: { src?: string | undefined; alt?: string | undefined }) {
  if (src && isOwnImage(src)) return <img src={src} alt={alt} loading="lazy" className="own-image" />;
  if (src && /^https?:/i.test(src)) return <OutsideImage src={src} alt={alt} />;
  return <span>{alt || "Image"}</span>;
}

/** Alignment comes as a style, which the page's policy forbids in HTML: a class does the same. */
function Cell({ node, children }: ExtraProps & { children?: React.ReactNode }) {
  const Tag = node?.tagName === "th" ? "th" : "td";
  const align = node?.properties.align;
  return <Tag className={typeof align === "string" ? `align-${align}` : undefined}>{children}</Tag>;
}

const components: Components = {
  a: ({ href, children }) => <SafeLink href={href}>{children}</SafeLink>,
  img: ({ src, alt }) => <Image src={typeof src === "string" ? src : undefined} alt={alt} />,
  code: InlineCode,
  pre: Fenced,
  table: ({ children }) => (
    // A wide one is scrolled by keyboard too.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className="table-scroll" aria-label="Table" tabIndex={0}>
      <table>{children}</table>
    </section>
  ),
  th: Cell,
  td: Cell,
  input: ({ checked }) => (
    <input type="checkbox" checked={checked === true} disabled readOnly aria-label="Task" />
  ),
};

/** Made once: it registers every language, which for each block of each message is most of a page's time. */
const highlight = rehypeHighlight({ detect: false, plainText: ["math", "mermaid"] });

const options: Options = {
  remarkPlugins: [remarkGfm],
  rehypePlugins: [() => highlight],
  components,
  // Only http, https and mailto get through to `SafeLink`, and to `Image` one's own attachments besides.
  urlTransform: (url, key) => (SAFE_LINK.test(url) || (key === "src" && isOwnImage(url)) ? url : ""),
};
const withFormulas: Options = { ...options, remarkPlugins: [remarkGfm, remarkFormulas] };

type BlockProps = { text: string; unfinished: boolean; formulas: boolean };

const Block = memo(function Block({ text, unfinished, formulas }: BlockProps) {
  return (
    <UnfinishedBlock value={unfinished}>
      <ReactMarkdown {...(formulas ? withFormulas : options)}>{text}</ReactMarkdown>
    </UnfinishedBlock>
  );
});

type Props = {
  text: string;
  streaming: boolean;
  /** False: formulas stay as they are written. */
  formulas?: boolean;
};

/** A model's Markdown. HTML in it is shown as text, never rendered. */
export const Markdown = memo(function Markdown({ text, streaming, formulas = true }: Props) {
  const blocks = useMemo(() => markdownBlocks(text, streaming), [text, streaming]);
  const asWritten = useMemo(() => tooInvolved(blocks), [blocks]);
  return blocks.map((block, index) => (
    // Blocks only ever grow at the end, so the place of one is its identity.
    // eslint-disable-next-line react/no-array-index-key
    <Fragment key={index}>
      {index > 0 && "\n"}
      {asWritten[index] ? (
        <pre className="as-written">{block}</pre>
      ) : (
        <Block text={block} unfinished={streaming && index === blocks.length - 1} formulas={formulas} />
      )}
    </Fragment>
  ));
});
