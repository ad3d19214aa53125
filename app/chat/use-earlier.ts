import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { noteShown, readEarlier } from "#app/chat/earlier-messages.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import type { MessagePage } from "#app/shared/message-page.ts";

type About = Pick<MessagePage, "siblings" | "partialIds">;

export type Earlier = {
  state: "idle" | "reading" | "failed";
  /** Reads the page of messages before the first. */
  read: () => void;
};

/** Reads older messages into the page, and keeps what belongs to them beside what the loader tells of the newer ones. */
export function useEarlier(
  chat: {
    chatId: string;
    messages: LongrunUIMessage[];
    showEarlier: (older: LongrunUIMessage[], more: boolean, before: string) => boolean;
  },
  newest: About,
): { earlier: Earlier; about: About } {
  const { chatId, messages, showEarlier } = chat;
  const [state, setState] = useState<Earlier["state"]>("idle");
  const [older, setOlder] = useState<About>({ siblings: {}, partialIds: [] });
  const reading = useRef(false);
  const before = messages[0]?.id;
  useEffect(() => {
    noteShown(
      chatId,
      messages.map(({ id }) => id),
    );
  }, [chatId, messages]);
  const read = useCallback(() => {
    if (before === undefined || reading.current) return;
    reading.current = true;
    setState("reading");
    const run = async () => {
      const page = await readEarlier(chatId, { before });
      if (!showEarlier(page.messages, page.earlier, before)) return;
      setOlder((had) => ({
        siblings: { ...had.siblings, ...page.siblings },
        partialIds: [...had.partialIds, ...page.partialIds],
      }));
    };
    const end = (then: Earlier["state"]) => {
      reading.current = false;
      setState(then);
    };
    run().then(
      () => end("idle"),
      () => end("failed"),
    );
  }, [chatId, before, showEarlier]);
  const { siblings, partialIds } = newest;
  const about = useMemo(
    () => ({
      siblings: { ...older.siblings, ...siblings },
      partialIds: [...older.partialIds, ...partialIds],
    }),
    [older, siblings, partialIds],
  );
  return { earlier: { state, read }, about };
}
