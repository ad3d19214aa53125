import type { ShouldRevalidateFunction } from "@remix-run/react";
import { onlyDocumentDiffers } from "#app/chat/documents/document-target.ts";

/** The panel reads its document by itself: opening one, or leafing through its versions, reads no page anew. */
export const unlessDocumentOnly: ShouldRevalidateFunction = ({
  currentUrl,
  nextUrl,
  formMethod,
  defaultShouldRevalidate,
}) =>
  formMethod === undefined && onlyDocumentDiffers(currentUrl, nextUrl) ? false : defaultShouldRevalidate;
