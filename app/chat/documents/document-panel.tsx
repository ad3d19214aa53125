import { useRef, type KeyboardEvent } from "react";
import { DocumentEditor } from "#app/chat/documents/document-editor.tsx";
import { DocumentBody } from "#app/chat/documents/document-body.tsx";
import type { DocumentCall } from "#app/chat/documents/document-call.ts";
import { DocumentChanges } from "#app/chat/documents/document-changes.tsx";
import { DocumentHead, type Links } from "#app/chat/documents/document-head.tsx";
import type { DocumentTarget } from "#app/chat/documents/document-target.ts";
import { useDocument } from "#app/chat/documents/use-document.ts";
import { WrittenNow } from "#app/chat/documents/written-now.tsx";
import type { DocumentPage } from "#app/shared/documents.ts";

type Props = Links & {
  chatId: string;
  formId: string;
  target: DocumentTarget;
  calls: readonly DocumentCall[];
  loaded: DocumentPage | null;
};

/** What is to be shown: a call as far as it has written, and which stored version. */
function subjectOf({ target, calls, loaded }: Pick<Props, "target" | "calls" | "loaded">) {
  if ("callId" in target) {
    const call = calls.find(({ callId }) => callId === target.callId) ?? null;
    const id = call?.documentId ?? (call ? null : loaded?.id);
    const version = call ? call.version : (loaded?.shown.number ?? null);
    return { call, wanted: id ? { documentId: id, version } : null };
  }
  const { documentId, version } = target;
  const own = calls.filter((call) => call.documentId === documentId);
  const writing = version === null ? own.findLast(({ state }) => state === "writing") : undefined;
  // Just written, and not read from the server yet.
  const done = own.findLast(
    (call) => call.state === "done" && (version === null || call.version === version),
  );
  return { call: writing ?? done ?? null, wanted: { documentId, version } };
}

/** The document beside the chat. */
export function DocumentPanel(props: Props) {
  const { chatId, formId, target, calls, href, go } = props;
  const panel = useRef<HTMLElement>(null);
  const { call, wanted } = subjectOf(props);
  const versions = calls.flatMap(({ documentId, version }) =>
    documentId === wanted?.documentId && version !== null ? [version] : [],
  );
  const { page, error, take } = useDocument(chatId, wanted, Math.max(0, ...versions), props.loaded);
  const isShown = page && (call?.version == null || page.shown.number >= call.version);
  const writesWhole = call?.state === "writing" && call.writes === "whole";
  const edits = target.view === "edit" && page !== null;
  const live = call && !edits && (writesWhole || !isShown) && call.text !== "" ? call : null;
  const stored = live ? null : page;
  const title = live?.title ?? stored?.shown.title ?? call?.title ?? "Document";

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    go(null);
  };
  return (
    // Esc closes it from anywhere inside.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <aside className="document" ref={panel} aria-label={`Document: ${title}`} onKeyDown={onKeyDown}>
      <DocumentHead
        chatId={chatId}
        title={title}
        target={target}
        call={call}
        page={stored}
        href={href}
        go={go}
      />
      {live && <WrittenNow key={live.callId} call={live} />}
      {stored && target.view === "edit" && (
        <DocumentEditor
          key={stored.id}
          chatId={chatId}
          formId={formId}
          page={stored}
          chosen={"callId" in target ? null : target.version}
          onRead={take}
          href={href}
          go={go}
        />
      )}
      {stored && target.view === "changes" && <DocumentChanges page={stored} />}
      {stored && (target.view === "preview" || target.view === "source") && (
        <DocumentBody chatId={chatId} page={stored} source={target.view === "source"} />
      )}
      {!live && !stored && <Nothing call={call} error={error} />}
    </aside>
  );
}

function Nothing({ call, error }: { call: DocumentCall | null; error: string | null }) {
  const told =
    call?.state === "writing"
      ? "Writing"
      : call?.state === "failed"
        ? (call.error ?? "This document could not be written.")
        : call?.state === "broken-off"
          ? "This was not finished, so there is no version of it."
          : (error ?? "Looking for the document");
  return <p className="document-nothing note">{told}</p>;
}
