import type { FactStore, Undelivered } from "#app/chat/chat-facts.ts";
import { AppendError } from "#app/chat/input-append.ts";
import type { Awaited, InputLedger } from "#app/chat/input-ledger.ts";
import type { AppendWatcher } from "#app/chat/transport.ts";
import type { ResumeHandle } from "#app/shared/resume-handle.ts";

/** What this tab has sent: on its way, acknowledged (then the ledger waits for the answer), or failed. */
export class Outbox {
  #failures = new Map<string | null, Error>();
  /** What the server has, whatever became of its acknowledgement. */
  #stored = new Set<string>();

  constructor(
    private readonly ledger: InputLedger,
    private readonly facts: FactStore,
    private readonly onChange: (error: Error | null) => void,
  ) {}

  /** Why something of this tab is not on the server, as long as that is so. */
  get failure(): Error | undefined {
    return [...this.#failures.values()][0];
  }

  /** Whether this input failed; null stands for the last one without a message. */
  hasFailed(messageId: string | null): boolean {
    return this.#failures.has(messageId);
  }

  /** What the loader has read anew: a message that the server has, and only its acknowledgement was lost, has not failed. */
  adopt(handle: ResumeHandle, stored: readonly { id: string }[]): void {
    this.ledger.adopt(handle);
    for (const { id } of stored) {
      this.#stored.add(id);
      if (this.#failures.delete(id)) this.facts.deliver(id, null);
    }
  }

  watch: AppendWatcher = ({ messageId }) => {
    let settle = () => undefined as void;
    const settled = new Promise<void>((resolve) => (settle = resolve));
    const entry = this.ledger.sending(messageId, settled);
    this.#failures.delete(messageId);
    if (messageId !== null) this.facts.deliver(messageId, "sending");
    this.onChange(null);
    return {
      acknowledged: (seq) => {
        this.#acknowledged(entry, seq);
        settle();
      },
      failed: (error) => {
        this.#failed(entry, error);
        settle();
      },
    };
  };

  /** A message that has failed is not to be sent any more; false for any other. */
  forget(messageId: string): boolean {
    if (!this.#failures.delete(messageId)) return false;
    this.facts.deliver(messageId, null);
    this.onChange(null);
    return true;
  }

  #acknowledged(entry: Awaited, seq: number | null): void {
    this.ledger.acknowledged(entry, seq);
    if (entry.messageId !== null) this.facts.deliver(entry.messageId, null);
    this.onChange(null);
  }

  #failed(entry: Awaited, error: Error): void {
    this.ledger.withdrawn(entry);
    const { messageId } = entry;
    if (messageId !== null && this.#stored.has(messageId)) {
      this.facts.deliver(messageId, null);
      return this.onChange(null);
    }
    this.#failures.set(entry.messageId, error);
    if (messageId !== null) this.facts.fail(messageId, undelivered(error));
    this.onChange(error);
  }
}

function undelivered(error: Error): Undelivered {
  return { why: error.message, signIn: error instanceof AppendError && error.signIn };
}
