import type { UIMessage } from "ai";
import type { TurnEnd } from "#app/chat/chat-listener.ts";
import { DurableChat } from "#app/chat/durable-chat.ts";
import type { DurableChatInit } from "#app/chat/durable-chat-init.ts";
import type { PageListener, PageSignals } from "#app/chat/page-signals.ts";
import type { ResumeHandle } from "#app/shared/resume-handle.ts";
import { eventually } from "./eventually.ts";
import type { ScriptedRecord } from "./out-server.ts";

export const CHAT_ID = "6f1c1c53-3d53-4c1f-9f0b-3a3f8f5f0a01";

export const start = (messageId: string): ScriptedRecord[] => [
  { type: "start", messageId },
  { type: "start-step" },
];

/** The deltas of a text, open: `words` of the text, one a record. */
export const words = (...deltas: string[]): ScriptedRecord[] => [
  { type: "text-start", id: "0" },
  ...deltas.map((delta) => ({ type: "text-delta", id: "0", delta })),
];

export const finish: ScriptedRecord[] = [
  { type: "text-end", id: "0" },
  { type: "finish-step" },
  { type: "finish" },
];

export function turnComplete(consumed: number | null, more: Record<string, string> = {}): ScriptedRecord {
  const control: [string, string][] = [["trigger-control", "turn-complete"]];
  if (consumed !== null) control.push(["session-in-event-id", String(consumed)]);
  control.push(...Object.entries(more));
  return { control };
}

export const answer = (messageId: string, consumed: number, ...deltas: string[]): ScriptedRecord[] => [
  ...start(messageId),
  ...words(...deltas),
  ...finish,
  turnComplete(consumed),
];

export function handle(change: Partial<ResumeHandle> = {}): ResumeHandle {
  return {
    publicAccessToken: "token-1",
    lastEventId: null,
    open: null,
    isStreaming: false,
    activeInputSeq: null,
    stopSeq: null,
    newest: [],
    pending: [],
    runId: "run_1",
    ...change,
  };
}

export const user = (id: string, text: string): UIMessage => ({
  id,
  role: "user",
  parts: [{ type: "text", text }],
});

export const assistant = (id: string, text: string): UIMessage => ({
  id,
  role: "assistant",
  parts: [{ type: "step-start" }, { type: "text", text, state: "done" }],
});

/** A page whose visibility and network a test turns on and off. */
class TestPage implements PageSignals {
  isHidden = false;
  isOnline = true;
  listener: PageListener | null = null;
  hidden = () => this.isHidden;
  online = () => this.isOnline;
  watch = (listener: PageListener) => {
    this.listener = listener;
    return () => (this.listener = null);
  };
}

/** A chat on a server, with what happened to it. */
export class OpenChat {
  readonly page = new TestPage();
  readonly chat: DurableChat<UIMessage>;
  readonly ends: TurnEnd[] = [];
  /** Every status that was shown, without repeats. */
  readonly statuses: string[] = [];
  /** Every text of the page, whenever its messages changed. */
  readonly shown: string[] = [];
  foreign = 0;
  #close: () => void;

  constructor(server: { url: string }, init: Partial<DurableChatInit<UIMessage>> = {}) {
    this.chat = new DurableChat<UIMessage>({
      chatId: CHAT_ID,
      messages: [],
      handle: handle(),
      triggerUrl: server.url,
      appUrl: server.url,
      page: this.page,
      timing: { firstDelayMs: 5, stopPatienceMs: 300 },
      ...init,
    });
    this.chat.listen({ onForeignTurn: () => (this.foreign += 1), onTurnEnd: (end) => this.ends.push(end) });
    const noteStatus = () => {
      if (this.statuses.at(-1) !== this.chat.status) this.statuses.push(this.chat.status);
    };
    noteStatus();
    this.chat["~registerStatusCallback"](noteStatus);
    this.chat["~registerMessagesCallback"](() => this.shown.push(this.text()));
    this.#close = this.chat.mount();
  }

  close(): void {
    this.#close();
  }

  /** The page as text: `id: text` a message. */
  text(): string {
    return this.chat.messages.map((message) => `${message.id}: ${textOf(message)}`).join("\n");
  }

  /** The page without ids: what a reader sees. */
  lines(): string[] {
    return this.chat.messages.map((message) => `${message.role}: ${textOf(message)}`);
  }

  async until(status: string, ms = 5_000): Promise<void> {
    await eventually(() => this.chat.status === status, {
      ms,
      everyMs: 2,
      what: () => `status ${status}, but it is ${this.chat.status} with\n${this.text()}`,
    });
  }

  async untilText(text: string, ms = 5_000): Promise<void> {
    await eventually(() => this.text().includes(text), {
      ms,
      everyMs: 2,
      what: () => `the text ${text}, but it is\n${this.text()}`,
    });
  }
}

export function textOf(message: UIMessage): string {
  return message.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}
