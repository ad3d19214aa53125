import { useCallback, useRef } from "react";
import type { ComposerHandle } from "#app/chat/composer.tsx";
import { draftGivenUp } from "#app/chat/drafts.ts";
import { attachedIds } from "#app/shared/attachment.ts";
import { messageText, type LongrunUIMessage } from "#app/shared/chat-message.ts";

/** Takes messages that could not be sent off the page; `rewrite` puts one into the `box` again, to be changed. */
export function useUnsent(chatId: string, discard: (messageId: string) => void) {
  const box = useRef<ComposerHandle>(null);
  const onDiscard = useCallback(
    (message: LongrunUIMessage, rewrite: boolean) => {
      const text = messageText(message);
      const files = draftGivenUp(chatId, { text, files: attachedIds(message) });
      discard(message.id);
      if (rewrite) box.current?.putBack(text, files);
    },
    [chatId, discard],
  );
  return { box, onDiscard };
}
