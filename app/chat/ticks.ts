import type { Delivery } from "#app/chat/chat-facts.ts";
import { holdsNothing, type LongrunUIMessage } from "#app/shared/chat-message.ts";

/** How far a message of the person has come. */
export type Tick = "queued" | "stored" | "answering" | "answered" | "unanswered";

/**
 * The tick of each message of the person, by id; none for one that could not be sent. It follows from what is on the
 * page alone, so that a reload and another tab say the same. `running`: where the answer stands that is being written;
 * `open`: something is being answered, or will be.
 */
export function ticksOf(
  messages: LongrunUIMessage[],
  delivery: Readonly<Record<string, Delivery>>,
  { running, open }: { running: number; open: boolean },
): Record<string, Tick> {
  const ticks: Record<string, Tick> = {};
  let after: Tick = open ? "stored" : "unanswered";
  for (const [index, message] of [...messages.entries()].toReversed()) {
    if (message.role === "assistant") after = index === running ? "answering" : toldBy(message);
    if (message.role !== "user") continue;
    const sent = delivery[message.id];
    if (sent === "sending") ticks[message.id] = "queued";
    else if (sent !== "failed") ticks[message.id] = after;
  }
  return ticks;
}

/** A sentence that says why there is no answer is none. */
const toldBy = (answer: LongrunUIMessage): Tick => (holdsNothing(answer) ? "unanswered" : "answered");
