import type { UIMessage } from "ai";
import type { PageSignals } from "#app/chat/page-signals.ts";
import type { ChatStatus, ResumeHandle } from "#app/shared/resume-handle.ts";

export type DurableChatInit<M extends UIMessage> = {
  chatId: string;
  messages: M[];
  /** Older ones come before the first of them. */
  earlier?: boolean | undefined;
  handle: ResumeHandle;
  triggerUrl: string;
  /** As the server rendered it; `streaming` stays until the open turn has ended or the page has caught up with it. */
  status?: ChatStatus | undefined;
  /** Where the app answers `/chats/:id/token`; in a browser the page's own origin. */
  appUrl?: string;
  page?: PageSignals;
  fetcher?: typeof fetch;
  timing?: { firstDelayMs?: number; silenceMs?: number; stopPatienceMs?: number };
};

/** The record of `.out` after which to read; null: from its beginning. */
export function cursorOf({ lastEventId }: ResumeHandle): number | null {
  const cursor = lastEventId === null ? Number.NaN : Number(lastEventId);
  return Number.isSafeInteger(cursor) && cursor >= 0 ? cursor : null;
}
