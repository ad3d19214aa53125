import { isToolUIPart, type UIMessage } from "ai";
import type { FactStore } from "#app/chat/chat-facts.ts";
import type { InputLedger } from "#app/chat/input-ledger.ts";
import { formOf, type KeepDecision } from "#app/chat/keep-decision.ts";
import { answered, waitingCalls, type ToolAnswer } from "#app/shared/tool-answers.ts";

type Page<M extends UIMessage> = {
  messages: () => M[];
  show: (messages: M[]) => void;
  /** Appends what was decided about the message's calls; gives the sequence number. Throws an AppendError. */
  append: (message: M) => Promise<number | null>;
  onSent: (error: Error | null) => void;
  /** Gives a decision to the web server, which keeps it; null, or why it did not. */
  keep: KeepDecision;
  /** The server was asked to keep one: what it keeps is to be read anew. */
  onKept: () => void;
};

/** What this page's person decides about calls that wait. */
export class Decisions<M extends UIMessage> {
  constructor(
    private readonly ledger: InputLedger,
    private readonly facts: FactStore,
    private readonly page: Page<M>,
  ) {}

  /**
   * Null when the decision stands; otherwise why it does not, in a sentence. The only call that waits is decided by the
   * append that lets the answer go on. Where several wait the server keeps each decision until the last one is made,
   * by whatever device.
   */
  async decide(toolCallId: string, answer: ToolAnswer): Promise<string | null> {
    const message = this.page.messages().at(-1);
    const waiting = message ? waitingCalls(message) : [];
    const part = waiting.find((call) => call.toolCallId === toolCallId);
    const decided = part && answered(part, answer);
    if (!message || !decided) return "This was decided already.";
    if (waiting.length > 1) return await this.#keep(message, toolCallId, answer);
    const next = { ...message, parts: message.parts.map((one) => (one === part ? decided : one)) };
    this.#replace(next);
    return await this.#send(next, message);
  }

  async #keep({ id }: M, toolCallId: string, answer: ToolAnswer): Promise<string | null> {
    const problem = await this.page.keep(formOf(toolCallId, answer));
    if (problem === null) {
      const { kept } = this.facts.get();
      const before = kept?.messageId === id ? kept.answers : {};
      this.facts.set({ kept: { messageId: id, answers: { ...before, [toolCallId]: answer } } });
    }
    this.page.onKept();
    return problem;
  }

  #replace(message: M): void {
    this.page.show(this.page.messages().map((other) => (other.id === message.id ? message : other)));
  }

  async #send(message: M, before: M): Promise<string | null> {
    let settle = (): void => undefined;
    const entry = this.ledger.sending(null, new Promise<void>((resolve) => (settle = resolve)));
    this.page.onSent(null);
    try {
      this.ledger.acknowledged(entry, await this.page.append(message));
      this.page.onSent(null);
      return null;
    } catch (error) {
      this.ledger.withdrawn(entry);
      this.#replace(before);
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
