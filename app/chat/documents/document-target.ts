import { z } from "zod";

const DOCUMENT_VIEWS = ["preview", "source", "changes", "edit"] as const;
export type DocumentView = (typeof DOCUMENT_VIEWS)[number];

/** Which document a page's address opens beside the chat, and how it is looked at. */
export type DocumentTarget = (
  | { documentId: string; version: number | null }
  /** What this call of a tool writes, or wrote. */
  | { callId: string }
) & { view: DocumentView };

const PARAMETERS = ["document", "call", "version", "view"];

const viewSchema = z.enum(DOCUMENT_VIEWS).catch("preview");

/** Null: the address opens none. */
export function targetOf(search: URLSearchParams): DocumentTarget | null {
  const view = viewSchema.parse(search.get("view"));
  const documentId = search.get("document");
  const version = Number(search.get("version"));
  if (documentId)
    return { documentId, version: Number.isInteger(version) && version > 0 ? version : null, view };
  const callId = search.get("call");
  return callId ? { callId, view } : null;
}

/** The query that opens this, beside whatever else the address says; null closes. */
export function searchOf(search: URLSearchParams, target: DocumentTarget | null): string {
  const next = new URLSearchParams(search);
  for (const name of PARAMETERS) next.delete(name);
  if (target && "callId" in target) next.set("call", target.callId);
  else if (target) {
    next.set("document", target.documentId);
    if (target.version !== null) next.set("version", String(target.version));
  }
  if (target && target.view !== "preview") next.set("view", target.view);
  return next.size > 0 ? `?${next}` : "?";
}

/** Whether one address leads to the other by opening, closing or leafing through documents alone. */
export function onlyDocumentDiffers(from: URL, to: URL): boolean {
  if (from.pathname !== to.pathname || from.search === to.search) return false;
  const rest = ({ searchParams }: URL): string => searchOf(searchParams, null);
  return rest(from) === rest(to);
}
