import type { UIMessage } from "ai";
import { z } from "zod";

/**
 * What becomes of a message that waits behind a running answer: its own turn, or a place in the answer that runs.
 * `taken` and `withdrawn` are final.
 */
const queueStateSchema = z.enum(["waiting", "steer", "taken", "withdrawn"]);

export type QueueState = z.infer<typeof queueStateSchema>;

/** Checks what was read back from the database. */
export const parseQueueState = (state: unknown): QueueState => queueStateSchema.parse(state);

const queueNowSchema = z.record(
  z.string(),
  z.object({ state: queueStateSchema, text: z.string().nullable() }),
);

/** Messages that wait, by id, oldest first: what is decided about each, and other words than it was sent with. */
export type QueueNow = z.infer<typeof queueNowSchema>;

/** Checks what the web server answered. Throws when it is anything else. */
export const parseQueueNow = (json: unknown): QueueNow => queueNowSchema.parse(json);

/** The agent's mark in an answer: these messages were given to the model here. */
export const STEERED = "data-pending-message-injected";

const steeredPart = z.looseObject({
  type: z.literal(STEERED),
  data: z.looseObject({ messageIds: z.array(z.string()) }),
});

/** The messages that steered this answer. */
export function steeredBy({ role, parts }: Pick<UIMessage, "role" | "parts">): string[] {
  if (role !== "assistant") return [];
  return parts.flatMap((part) => steeredPart.safeParse(part).data?.data.messageIds ?? []);
}

/** The list with each message that steered an answer before that answer. The same list where nothing moves. */
export function placeSteered<M extends UIMessage>(messages: M[]): M[] {
  let list = messages;
  for (const answer of messages) {
    for (const id of steeredBy(answer)) {
      const at = list.findIndex((message) => message.id === id);
      const before = list.indexOf(answer);
      const message = list[at];
      if (!message || at < before) continue;
      list = list.toSpliced(at, 1).toSpliced(before, 0, message);
    }
  }
  return list;
}

/** The message with other words in the place of its own. */
export function withText<M extends Pick<UIMessage, "parts">>(message: M, text: string): M {
  const others = message.parts.filter((part) => part.type !== "text");
  return { ...message, parts: [...others, { type: "text", text }] };
}
