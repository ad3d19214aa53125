import { useState } from "react";
import { namedDrawing } from "#app/chat/documents/named-drawing.ts";
import { documentFileUrl, type DocumentKind, type DocumentPage } from "#app/shared/documents.ts";
import { Markdown } from "#app/ui/markdown.tsx";

type Props = { chatId: string; page: DocumentPage; source: boolean };

/** One version: as it is meant to be seen, or its source. */
export function DocumentBody({ chatId, page, source }: Props) {
  const { kind, language, shown } = page;
  if (kind === "html" && !source) {
    const address = documentFileUrl(chatId, page.id, "frame", shown.number);
    return (
      <iframe className="document-frame" sandbox="allow-scripts" allow="" src={address} title={shown.title} />
    );
  }
  return (
    // Who has no wheel scrolls by keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className="document-scroll" tabIndex={0} aria-label="Text">
      <div className="document-column" data-document-text="">
        {source || kind === "code" ? (
          <Source text={shown.text} kind={kind} language={language} />
        ) : kind === "svg" ? (
          <Drawing key={shown.number} text={shown.text} title={shown.title} />
        ) : (
          <div className="markdown">
            <Markdown text={shown.text} streaming={false} />
          </div>
        )}
      </div>
    </section>
  );
}

/** More would take longer to colour than it helps. */
const MAX_COLOURED = 60_000;
const LANGUAGE_OF = { markdown: "markdown", html: "html", svg: "xml" } as const;

/** Code as the chat shows it, in colours. */
function Source({ text, kind, language }: { text: string; kind: DocumentKind; language: string | null }) {
  if (text.length > MAX_COLOURED) return <pre className="document-plain">{text}</pre>;
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = "`".repeat(longest + 1);
  const name = kind === "code" ? (language ?? "") : LANGUAGE_OF[kind];
  return (
    <div className="markdown document-source">
      <Markdown text={`${fence}${name}\n${text}\n${fence}`} streaming={false} />
    </div>
  );
}

/** As an image a drawing runs no script and loads nothing. */
function Drawing({ text, title }: { text: string; title: string }) {
  const [broken, setBroken] = useState(false);
  if (broken)
    return <p className="note">This drawing has a fault and cannot be shown. Look at its source.</p>;
  const address = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(namedDrawing(text))}`;
  return <img className="document-drawing" src={address} alt={title} onError={() => setBroken(true)} />;
}
