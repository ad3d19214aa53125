import { useEffect, useRef } from "react";
import { useReread } from "#app/chat/use-reread.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import type { Summary } from "#app/shared/summary.ts";

/** Reads the page's data again when an answer was given with a summary that the page does not know yet. */
export function useSummary(messages: readonly LongrunUIMessage[], known: Summary | null): void {
  const reread = useReread();
  const asked = useRef(known?.throughId);
  const told = messages.findLast(({ role }) => role === "assistant")?.metadata?.summary?.throughId;
  useEffect(() => {
    if (told === undefined || told === known?.throughId || told === asked.current) return;
    asked.current = told;
    reread();
  }, [told, known, reread]);
}
