import { useStickToBottom } from "use-stick-to-bottom";
import type { DocumentCall } from "#app/chat/documents/document-call.ts";
import { Markdown } from "#app/ui/markdown.tsx";

/** A document as far as it is written. It follows the end until the reader scrolls up. */
export function WrittenNow({ call }: { call: DocumentCall }) {
  const { scrollRef, contentRef } = useStickToBottom({ initial: "instant", resize: "instant" });
  const writing = call.state === "writing";
  return (
    // Who has no wheel scrolls by keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className="document-scroll" ref={scrollRef} tabIndex={0} aria-label="Text" aria-busy={writing}>
      <div className="document-column" ref={contentRef} data-document-text="">
        {call.kind === "markdown" ? (
          <div className="markdown">
            <Markdown text={call.text} streaming={writing} />
          </div>
        ) : (
          <pre className="document-plain">{call.text}</pre>
        )}
      </div>
    </section>
  );
}
