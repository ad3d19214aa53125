import { isToolUIPart, type UIMessage } from "ai";
import type { InputLedger } from "#app/chat/input-ledger.ts";
import { answered, waitingCalls, type ToolAnswer } from "#app/shared/tool-answers.ts";

type Page<M extends UIMessage> = {
  messages: () => M[];
  show: (messages: M[]) => void;
  /** Appends what was decided about the message's calls; gives the sequence number. Throws an AppendError. */
  append: (message: M) => Promise<number | null>;
  onSent: (error: Error | null) => void;
};

/** What this page's person decides about calls that wait. It is sent once all calls of the answer are decided. */
export class Decisions<M extends UIMessage> {
  /** The answer as it was before anything was decided, to go back to when nothing could be sent. */
  #before: M | null = null;

  constructor(
    private readonly ledger: InputLedger,
    private readonly page: Page<M>,
  ) {}

  /** Null when the decision stands; otherwise why it does not, in a sentence. */
  async decide(toolCallId: string, answer: ToolAnswer): Promise<string | null> {
    const message = this.page.messages().at(-1);
    const part = message && waitingCalls(message).find((call) => call.toolCallId === toolCallId);
    const decided = part && answered(part, answer);
    if (!message || !decided) return "This was decided already.";
    if (this.#before?.id !== message.id) this.#before = message;
    const next = { ...message, parts: message.parts.map((one) => (one === part ? decided : one)) };
    this.#replace(next);
    if (waitingCalls(next).length > 0) return null;
    return await this.#send(next);
  }

  #replace(message: M): void {
    this.page.show(this.page.messages().map((other) => (other.id === message.id ? message : other)));
  }

  async #send(message: M): Promise<string | null> {
    let settle = (): void => undefined;
    const entry = this.ledger.sending(null, new Promise<void>((resolve) => (settle = resolve)));
    const before = this.#before;
    this.#before = null;
    this.page.onSent(null);
    try {
      this.ledger.acknowledged(entry, await this.page.append(message));
      this.page.onSent(null);
      return null;
    } catch (error) {
      this.ledger.withdrawn(entry);
      if (before) this.#replace(before);
      this.page.onSent(error instanceof Error ? error : null);
      return error instanceof Error ? error.message : "The decision could not be sent.";
    } finally {
      settle();
    }
  }
}

type Decided = { decisions?: Record<string, { approved: boolean; reason?: string }> };

/** The message with what was decided about its calls: chunks say that a call was denied, but not why. */
export function withDecisions<M extends UIMessage>(message: M): M {
  const { decisions } = (message.metadata ?? {}) as Decided;
  if (!decisions) return message;
  const parts = message.parts.map((part) => {
    if (!isToolUIPart(part) || part.approval?.approved !== undefined) return part;
    const decision = decisions[part.toolCallId];
    if (!decision || part.state === "input-streaming" || part.state === "approval-requested") return part;
    return { ...part, approval: { id: part.toolCallId, ...decision } } as M["parts"][number];
  });
  return { ...message, parts };
}
