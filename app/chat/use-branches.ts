import { useFetcher } from "@remix-run/react";
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import { type OpenEdit, useEdit } from "#app/chat/use-edit.ts";
import { useReread } from "#app/chat/use-reread.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";

type Answer = { done?: true; error?: string };

/** What is asked of the branches of a chat; the names are those of the form without scripts. */
export type BranchRequest =
  | { intent: "edit"; target: string; messageId: string; text: string }
  | { intent: "again" | "show"; target: string }
  | { intent: "fork"; target: string; forkId: string }
  | { intent: "undo" | "restore" };

export type Branches = OpenEdit & {
  chatId: string;
  /** Of each message that has others in its place: the ids of all of them, oldest first. */
  siblings: Record<string, readonly string[]>;
  /** Nothing can be changed now: an answer is being written, or a change is on its way. */
  locked: boolean;
  /** The last message of the person, which can be taken back. */
  lastAsked: string | null;
  /** The message that is being answered. */
  answering: string | null;
  /** Whether it can be edited now: any while nothing is answered, and the one that is being answered. */
  mayEdit: (messageId: string) => boolean;
  /** An edit waits for the end of the answer that it has stopped. */
  stopping: boolean;
  /** That answer could not be stopped: the edit waits for it to end by itself. */
  unstopped: boolean;
  ask: (request: BranchRequest) => void;
};

const context = createContext<Branches | null>(null);

export const BranchProvider = context.Provider;

/** Null outside of an open chat. */
export const useBranch = (): Branches | null => useContext(context);

/** The branches of an open chat, and why the last change was refused. */
export function useBranches(chat: {
  chatId: string;
  messages: LongrunUIMessage[];
  siblings: Record<string, readonly string[]>;
  open: boolean;
  waiting: readonly string[];
  delivery: Readonly<Record<string, unknown>>;
  stop: () => void;
  stopFailed: boolean;
}): { branches: Branches; error: string | undefined } {
  const { chatId, siblings, open, stop, messages } = chat;
  const fetcher = useFetcher<Answer>();
  const { submit } = fetcher;
  const { editing, written, write, edit: openEdit } = useEdit(chatId);
  const [held, setHeld] = useState<BranchRequest | null>(null);
  const [sentEdit, setSentEdit] = useState<string | null>(null);
  const idle = fetcher.state === "idle";
  const ask = useCallback(
    (request: BranchRequest) => {
      if (request.intent !== "edit" && editing !== null && written(editing) === null) openEdit(null);
      if (request.intent === "edit" && open) {
        setHeld(request);
        return stop();
      }
      setHeld(null);
      setSentEdit(request.intent === "edit" ? request.target : null);
      submit({ ...request, stay: "1" }, { method: "post", action: `/chats/${chatId}` });
    },
    [submit, chatId, open, stop, editing, written, openEdit],
  );
  useEffect(() => {
    if (!held || open) return;
    const timer = setTimeout(() => ask(held));
    return () => clearTimeout(timer);
  }, [held, open, ask]);
  // The text of an edit stays in its box until the edited message has taken its place.
  const replaced = editing !== null && sentEdit === editing && !messages.some(({ id }) => id === editing);
  useEffect(() => {
    if (replaced) openEdit(null);
  }, [replaced, openEdit]);
  const lastAsked = messages.findLast((message) => message.role === "user")?.id ?? null;
  const locked = open || !idle;
  const queued = lastAsked !== null && (chat.waiting.includes(lastAsked) || lastAsked in chat.delivery);
  const answering = open && !queued ? lastAsked : null;
  const edit = useCallback(
    (messageId: string | null) => {
      setHeld(null);
      openEdit(messageId);
    },
    [openEdit],
  );
  const unstopped = held !== null && chat.stopFailed;
  const stopping = held !== null && !unstopped;
  const branches = useMemo(() => {
    const mayEdit = (messageId: string) => idle && (!open || messageId === answering);
    return {
      chatId,
      siblings,
      locked,
      lastAsked,
      answering,
      editing,
      written,
      write,
      edit,
      stopping,
      unstopped,
      mayEdit,
      ask,
    };
  }, [
    chatId,
    siblings,
    locked,
    idle,
    open,
    answering,
    lastAsked,
    editing,
    written,
    write,
    edit,
    stopping,
    unstopped,
    ask,
  ]);
  return { branches, error: idle ? fetcher.data?.error : undefined };
}

const LOOK_AGAIN_MS = 200;
/** What no run is left to store stays unsaved: after five seconds nobody is asked any more, until the next turn. */
const LOOKS = 25;

/**
 * A message that came beside what followed the one before it makes a place with several versions, of which only the
 * server knows, and only once it has stored it: after a turn the page is read again until that is so. True while what
 * was read ends where the page does.
 */
export function useCatchUp(
  stored: { messages: LongrunUIMessage[]; hasMore: boolean; unsaved: boolean },
  messages: LongrunUIMessage[],
  open: boolean,
): boolean {
  const reread = useReread();
  const looks = useRef(0);
  const caughtUp = stored.messages.at(-1)?.id === messages.at(-1)?.id;
  const behind = !open && (stored.unsaved || (stored.hasMore && !caughtUp));
  useEffect(() => {
    if (!behind) {
      looks.current = 0;
      return;
    }
    if (looks.current >= LOOKS) return;
    const timer = setTimeout(() => {
      looks.current += 1;
      reread();
    }, LOOK_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [behind, stored.messages, reread]);
  return caughtUp;
}
