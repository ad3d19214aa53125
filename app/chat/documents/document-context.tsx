import { createContext, useContext } from "react";
import type { DocumentTarget } from "#app/chat/documents/document-target.ts";

export type Documents = {
  /** What is open beside the chat. */
  target: DocumentTarget | null;
  /** The address that opens this. */
  href: (target: DocumentTarget) => string;
  /** Opens it without leaving the page. */
  open: (target: DocumentTarget) => void;
};

const context = createContext<Documents | null>(null);

export const DocumentsProvider = context.Provider;

/** Null where there is no room beside the messages. */
export const useDocuments = (): Documents | null => useContext(context);
