import { useLocation, useNavigate } from "@remix-run/react";
import { useCallback, useEffect, useMemo, useRef, type ReactNode } from "react";
import { documentCalls } from "#app/chat/documents/document-call.ts";
import { DocumentsProvider } from "#app/chat/documents/document-context.tsx";
import { DocumentPanel } from "#app/chat/documents/document-panel.tsx";
import { searchOf, targetOf, type DocumentTarget } from "#app/chat/documents/document-target.ts";
import { useOpening } from "#app/chat/documents/use-opening.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import type { DocumentPage } from "#app/shared/documents.ts";

type Props = {
  chatId: string;
  /** For the form without scripts. */
  formId: string;
  messages: readonly LongrunUIMessage[];
  /** The last answer is being written. */
  running: boolean;
  /** The document that the page was asked for. */
  loaded: DocumentPage | null;
  /** The chat. */
  children: ReactNode;
};

/** Where a document lies over or beside the chat: as wide as it is, on narrow screens in its place. */
const NARROW = "(max-width: 64rem)";

/** A chat, and the document that is open beside it: the page's address says which. */
export function DocumentDesk({ chatId, formId, messages, running, loaded, children }: Props) {
  const { search } = useLocation();
  const navigate = useNavigate();
  const target = useMemo(() => targetOf(new URLSearchParams(search)), [search]);
  const calls = useMemo(() => documentCalls(messages, running), [messages, running]);
  const { chat, leave } = useFocusOf(target);

  const href = useCallback(
    (to: DocumentTarget | null) => `/chats/${chatId}${searchOf(new URLSearchParams(search), to)}`,
    [chatId, search],
  );
  const go = useCallback(
    (to: DocumentTarget | null, replace: boolean) =>
      navigate(href(to), { replace, preventScrollReset: true }),
    [navigate, href],
  );
  const documents = useMemo(
    () => ({
      target,
      href,
      open: (to: DocumentTarget) => {
        leave();
        go(to, target !== null);
      },
    }),
    [target, href, go, leave],
  );
  useOpening({ target, calls, running, go });

  return (
    <DocumentsProvider value={documents}>
      <div className="desk" data-document={target ? "" : undefined}>
        <div className="desk-chat" ref={chat}>
          {children}
        </div>
        {target && (
          <DocumentPanel
            chatId={chatId}
            formId={formId}
            target={target}
            calls={calls}
            loaded={loaded}
            href={href}
            go={(to) => go(to, true)}
          />
        )}
      </div>
    </DocumentsProvider>
  );
}

/** Who opens a document goes to it, and who closes it comes back to where it was opened. */
function useFocusOf(target: DocumentTarget | null) {
  const chat = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLElement | null>(null);
  const byPerson = useRef(false);
  const isOpen = target !== null;
  useEffect(() => {
    if (!isOpen) return;
    const part = chat.current;
    const cameFrom = (): HTMLElement | null | undefined =>
      opener.current?.isConnected ? opener.current : part?.querySelector<HTMLElement>("[data-opens]");
    const narrow = matchMedia(NARROW);
    // Behind a document that covers it nothing may take the focus.
    const cover = () => part?.toggleAttribute("inert", narrow.matches);
    cover();
    narrow.addEventListener("change", cover);
    if (byPerson.current) document.querySelector<HTMLElement>(".document h2")?.focus();
    byPerson.current = false;
    return () => {
      narrow.removeEventListener("change", cover);
      part?.removeAttribute("inert");
      // The panel goes, and the focus with it.
      requestAnimationFrame(() => {
        if (document.activeElement === document.body) cameFrom()?.focus();
      });
    };
  }, [isOpen]);
  /** A document is about to be opened from where the focus is. */
  const leave = useCallback(() => {
    byPerson.current = true;
    opener.current = document.activeElement instanceof HTMLElement ? document.activeElement : null;
  }, []);
  return { chat, leave };
}
