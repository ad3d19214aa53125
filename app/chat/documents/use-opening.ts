import { useEffect, useRef } from "react";
import type { DocumentCall } from "#app/chat/documents/document-call.ts";
import type { DocumentTarget } from "#app/chat/documents/document-target.ts";

type Desk = {
  target: DocumentTarget | null;
  calls: readonly DocumentCall[];
  running: boolean;
  go: (to: DocumentTarget, replace: boolean) => void;
};

/** Where it takes the place of the chat, a document waits to be opened. */
const isWide = () => matchMedia("(min-width: 64.01rem)").matches;

/**
 * Opens a document once its writing is seen to begin, and goes from the call that wrote it on to the document. One
 * that was there when the page came, or was closed, stays as it is.
 */
export function useOpening({ target, calls, running, go }: Desk): void {
  const seen = useRef<Set<string> | null>(null);
  useEffect(() => {
    if (seen.current === null) {
      seen.current = new Set(calls.map(({ callId }) => callId));
      return;
    }
    const known = seen.current;
    const begun = calls.filter(({ callId, title, state }) => {
      return !known.has(callId) && title !== null && (state === "writing" || state === "done");
    });
    for (const { callId } of begun) known.add(callId);
    const last = begun.at(-1);
    if (!last || !running || !isWide() || target?.view === "edit") return;
    const isOpen = target && "documentId" in target && target.documentId === last.documentId;
    if (!isOpen || target.version !== null) go({ callId: last.callId, view: "preview" }, target !== null);
  }, [calls, running, target, go]);

  const callId = target && "callId" in target ? target.callId : null;
  const written = calls.find((call) => call.callId === callId && call.state === "done");
  const documentId = written?.documentId;
  const isNewest =
    written &&
    !calls.some((call) => call.documentId === documentId && (call.version ?? 0) > (written.version ?? 0));
  const version = isNewest ? null : (written?.version ?? null);
  const view = target?.view ?? "preview";
  useEffect(() => {
    if (documentId) go({ documentId, version, view }, true);
  }, [documentId, version, view, go]);
}
