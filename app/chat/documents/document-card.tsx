import { FileCode2, FileText, Globe, Image } from "lucide-react";
import type { DocumentCall } from "#app/chat/documents/document-call.ts";
import { useDocuments } from "#app/chat/documents/document-context.tsx";
import type { DocumentTarget } from "#app/chat/documents/document-target.ts";
import { onPlainClick } from "#app/chat/documents/plain-click.ts";
import { kindName, type DocumentKind } from "#app/shared/documents.ts";

const ICONS = { markdown: FileText, html: Globe, svg: Image, code: FileCode2 } as const;

function KindIcon({ kind }: { kind: DocumentKind | null }) {
  const Icon = ICONS[kind ?? "markdown"];
  return <Icon size={18} aria-hidden />;
}

/** What became of the call, in a few words. */
function stateLine({ state, writes, kind, language, version }: DocumentCall): string {
  const what = kind === null ? "" : `${kindName(kind, language)} · `;
  if (state === "writing") return `${what}${writes === "whole" ? "Writing" : "Changing"}`;
  if (state === "done") return `${what}Version ${version}`;
  return state === "failed" ? "Not written" : `${what}Not finished`;
}

type Props = { call: DocumentCall; type: string; partState: string };

/** A call that writes a document: what it is called, how far it is, and the way to see it beside the chat. */
export function DocumentCard({ call, type, partState }: Props) {
  const documents = useDocuments();
  const { callId, documentId, version, state } = call;
  const target: DocumentTarget =
    state === "done" && documentId !== null
      ? { documentId, version, view: "preview" }
      : { callId, view: "preview" };
  const title = call.title ?? (call.writes === "places" ? `Document ${documentId ?? ""}` : "A new document");
  return (
    <div
      className={`card document-card ${state === "failed" ? "failed" : ""}`}
      data-part={type}
      data-state={partState}
    >
      <KindIcon kind={call.kind} />
      <div className="document-card-words">
        <span className="document-card-title">{title}</span>
        <span className="note" data-busy={state === "writing" ? "" : undefined}>
          {stateLine(call)}
        </span>
        {call.error !== null && <span className="error-line">{call.error}</span>}
      </div>
      {documents && (state !== "failed" || call.text !== "") && (
        <a
          className="button"
          href={documents.href(target)}
          data-opens={callId}
          aria-label={`Open ${title}${version === null ? "" : `, version ${version}`}`}
          onClick={onPlainClick(() => documents.open(target))}
        >
          Open
        </a>
      )}
    </div>
  );
}
