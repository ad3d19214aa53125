import { useEffect, useRef, useState } from "react";
import type { TurnEnd } from "#app/chat/use-durable-chat.ts";
import { messageError, messageText, type LongrunUIMessage } from "#app/shared/chat-message.ts";
import { waitingCalls } from "#app/shared/tool-answers.ts";

/** The last words of an answer are rendered a moment after its end. */
const WRITTEN_MS = 150;
const MOST = 160;

type Props = { ended: TurnEnd | null; messages: LongrunUIMessage[] };

/**
 * Tells who does not see the page of an answer that is done, once, by its beginning. The conversation itself is silent:
 * older messages and other versions come into it too.
 */
export function HeardAnswer({ ended, messages }: Props) {
  const [told, setTold] = useState<{ end: string; words: string } | null>(null);
  const latest = useRef(messages);
  useEffect(() => {
    latest.current = messages;
  });
  const id = ended?.messageId ?? null;
  const cut = id !== null && (ended?.cutIds.includes(id) ?? false);
  useEffect(() => {
    if (id === null) return;
    const tell = () => {
      const answer = latest.current.find((message) => message.id === id);
      if (answer) setTold({ end: ended?.lastEventId ?? id, words: wordsOf(answer, cut) });
    };
    const timer = setTimeout(tell, WRITTEN_MS);
    return () => clearTimeout(timer);
  }, [ended, id, cut]);
  return (
    <output className="unseen" data-heard>
      {told && <span key={told.end}>{told.words}</span>}
    </output>
  );
}

/** Why an answer failed is an alert of its own. */
function wordsOf(answer: LongrunUIMessage, cut: boolean): string {
  if (messageError(answer) !== null) return "";
  if (waitingCalls(answer).length > 0) return "The answer waits for your decision.";
  if (cut) return "The answer was cut short.";
  // Markdown's own signs are no words.
  const text = messageText(answer)
    .replace(/[*`]+|^[#>\s]+/gm, "")
    .replace(/\s+/g, " ")
    .trim();
  if (text === "") return "Answered.";
  return `Answered: ${text.length > MOST ? `${text.slice(0, MOST)}…` : text}`;
}
