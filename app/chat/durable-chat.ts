import { Chat } from "@ai-sdk/react";
import { type ChatStatus as SdkStatus, type CreateUIMessage, generateId, type UIMessage } from "ai";
import { ActiveTurn } from "#app/chat/active-turn.ts";
import { FactStore } from "#app/chat/chat-facts.ts";
import type { ChatListener } from "#app/chat/chat-listener.ts";
import { cursorOf, type DurableChatInit } from "#app/chat/durable-chat-init.ts";
import { Decisions } from "#app/chat/decisions.ts";
import { guardMessages } from "#app/chat/guard-messages.ts";
import { InputAppender, SessionClosedError } from "#app/chat/input-append.ts";
import { InputLedger } from "#app/chat/input-ledger.ts";
import { decisionKeeper } from "#app/chat/keep-decision.ts";
import type { Place } from "#app/chat/message-order.ts";
import { Outbox } from "#app/chat/outbox.ts";
import { PageHistory } from "#app/chat/page-history.ts";
import { browserSignals } from "#app/chat/page-signals.ts";
import { PendingStop } from "#app/chat/pending-stop.ts";
import { Queued } from "#app/chat/queued.ts";
import { SessionToken } from "#app/chat/session-token.ts";
import { DurableTransport, outReader, sessionUrls } from "#app/chat/transport.ts";
import type { Turn, TurnOutcome } from "#app/chat/turn.ts";
import { TurnFollower } from "#app/chat/turn-follower.ts";
import { type AttachedFile, messageParts } from "#app/shared/attachment.ts";
import { chunksOfTurn } from "#app/shared/open-turn.ts";
import type { Boundary } from "#app/shared/out-record.ts";
import { placeSteered } from "#app/shared/queue.ts";
import type { ChatStatus, ResumeHandle } from "#app/shared/resume-handle.ts";

const STOP_PATIENCE_MS = 10_000;

/**
 * `useChat`'s Chat, fed by one follower of the session's `.out`. Turns are handed over one after the other, each by
 * `resumeStream`, so that every answer becomes its own message, exactly once, whoever asked for it.
 */
export class DurableChat<M extends UIMessage> extends Chat<M> {
  readonly facts = new FactStore();
  readonly #ledger = new InputLedger();
  readonly #token: SessionToken;
  readonly #transport: DurableTransport<M>;
  readonly #follower: TurnFollower;
  readonly #history: PageHistory<M>;
  readonly #outbox: Outbox;
  readonly #stop: PendingStop;
  readonly #decisions: Decisions<M>;
  readonly #queued: Queued<M>;
  #listener: ChatListener = {};
  /** Turns and boundaries in their order; each is dealt with when the one before is on the page. */
  #work: Promise<void> = Promise.resolve();
  #active: ActiveTurn<M> | null = null;
  /** The loader says that a turn is open, but not which message it answers. */
  #unknownTurn: boolean;
  /** There is a session to read; before the first message of a new chat there need not be one. */
  #hasSession: boolean;
  /** What the page holds of a turn that it has given up, until its end is read. */
  #begun: readonly string[] = [];
  #turnFailure: Error | undefined;
  /** The server has seen parts of the open turn; this page reads them again. */
  #sawParts: boolean;

  constructor(init: DurableChatInit<M>) {
    const { chatId, handle, messages, triggerUrl, appUrl = "", timing = {} } = init;
    const fetcher: typeof fetch = init.fetcher ?? ((input, options) => fetch(input, options));
    const urls = sessionUrls(triggerUrl, chatId);
    const chatUrl = `${appUrl}/chats/${encodeURIComponent(chatId)}`;
    const token = new SessionToken(chatUrl, handle.publicAccessToken, fetcher);
    const transport = new DurableTransport<M>(
      new InputAppender({ url: urls.append, token, fetcher, ...timing }),
    );
    super({ id: chatId, messages, transport, generateId });
    this.#token = token;
    this.#transport = transport;
    this.#ledger.adopt(handle);
    this.#history = new PageHistory(messages, cursorOf(handle) ?? -1);
    this.#unknownTurn = handle.isStreaming && this.#ledger.size === 0;
    this.#sawParts = init.status === "streaming";
    this.#hasSession = handle.runId !== null || handle.publicAccessToken !== null || messages.length > 0;
    this.#outbox = new Outbox(this.#ledger, this.facts, (error) => this.#sent(error));
    transport.watch = this.#outbox.watch;
    const shown = { messages: () => this.messages, show: (list: M[]) => (this.messages = list) };
    this.#decisions = new Decisions(this.#ledger, this.facts, {
      ...shown,
      append: (message) => transport.answer(message, chatId),
      onSent: (error) => this.#sent(error),
      keep: decisionKeeper(chatUrl, fetcher),
      onKept: () => this.#listener.onDecision?.(),
    });
    this.#queued = new Queued(this.#ledger, this.facts, shown);
    this.#stop = new PendingStop({
      facts: this.facts,
      patienceMs: timing.stopPatienceMs ?? STOP_PATIENCE_MS,
      append: () => transport.stop(),
      onGiveUp: (seq) => this.#giveUp(seq),
    });
    this.#follower = new TurnFollower({
      open: outReader(urls.out, fetcher, handle),
      token,
      page: init.page ?? browserSignals(),
      cursor: cursorOf(handle),
      shown: handle.open && {
        cursor: Number(handle.open.cursor),
        chunks: chunksOfTurn(handle.open, messages),
      },
      peek: this.#unknownTurn,
      demand: () => (!this.#hasSession ? "none" : this.#isBusy() ? "always" : "while-shown"),
      onTurn: (turn) => this.#inOrder(() => this.#handOver(turn)),
      onBoundary: (boundary) => this.#inOrder(() => this.#passBoundary(boundary)),
      onSettled: () => this.#inOrder(() => this.#settleUnknown()),
      onClosed: (reason) => this.#inOrder(() => this.#close(reason)),
      onRecord: () => this.#stop.heard(),
      onConnection: (connection) => this.facts.set({ connection }),
      ...timing,
    });
    this.facts.set({ earlier: init.earlier ?? false });
    this.#takeUpStop(handle);
    guardMessages(this.state, {
      active: () => this.#active,
      unanswered: () => this.#ledger.list(),
      ...shown,
    });
    this.#publish();
  }

  /** Reads from now on, until the function that is returned is called. StrictMode's second mount changes nothing. */
  mount(): () => void {
    this.#follower.start();
    this.#stop.heard();
    return () => this.#follower.stop();
  }

  listen(listener: ChatListener): void {
    this.#listener = listener;
  }

  /** Takes in what the loader has read anew; what is being sent or written here stays. */
  adopt(stored: M[], handle: ResumeHandle, earlier = false): void {
    if (this.#history.isLoaded(stored)) return;
    const cursor = cursorOf(handle);
    this.#token.offer(handle.publicAccessToken);
    this.#outbox.adopt(handle, stored);
    if (this.#takeUpStop(handle)) this.#stop.heard();
    this.#active?.reconsider(this.#ledger.list());
    this.messages = this.#history.takeIn(this.messages, { stored, earlier }, cursor ?? -1, {
      isWaiting: ({ id }) => this.#ledger.has(id) || id in this.facts.get().delivery,
      isWriting: ({ id }) => this.#active?.made.includes(id) ?? false,
      placeOf: ({ id }) => this.#placeOf(id),
    });
    // Else what was read of older ones stays before them.
    if (this.messages[0]?.id === stored[0]?.id) this.facts.set({ earlier });
    this.#hasSession ||= handle.runId !== null;
    if (!this.#active && !this.#isBusy() && cursor !== null) this.#follower.skipTo(cursor);
    this.#publish();
    this.#follower.wake();
  }

  /** Puts older messages before the ones that are shown, if `before` is still the first of these. */
  showEarlier = (older: M[], earlier: boolean, before: string): boolean => {
    if (this.messages[0]?.id !== before) return false;
    const shown = new Set(this.messages.map(({ id }) => id));
    this.messages = [...older.filter(({ id }) => !shown.has(id)), ...this.messages];
    this.facts.set({ earlier });
    return true;
  };

  /** Shows the message and appends it. Never rejects: a message that could not be sent is `failed` in the facts. */
  async send(text: string, files: readonly AttachedFile[] = [], id: string = generateId()): Promise<void> {
    this.#turnFailure = undefined;
    // Postgres refuses U+0000; the stored history shows what is shown here.
    const parts = messageParts(text.replaceAll("\u0000", "\uFFFD"), files);
    await this.sendMessage({ id, role: "user", parts } as CreateUIMessage<M>);
  }

  /** See `Queued`. */
  get queued(): Pick<Queued<M>, "withdraw" | "reword"> {
    return this.#queued;
  }

  /** Failed messages again; without any, the last message is answered anew. */
  async retry(): Promise<void> {
    const failed = this.messages.filter((message) => this.#outbox.hasFailed(message.id));
    if (failed.length === 0) return await this.#answerAnew();
    this.#turnFailure = undefined;
    this.messages = [...this.messages.filter((message) => !failed.includes(message)), ...failed];
    const again = { trigger: "submit-message", chatId: this.id, messageId: undefined } as const;
    await Promise.all(
      failed.map((message) =>
        this.#transport.sendMessages({ ...again, messages: [message], abortSignal: undefined }),
      ),
    );
  }

  /** A message that was not sent is taken off the page. */
  discard = (messageId: string): void => {
    if (this.#outbox.forget(messageId)) this.messages = this.messages.filter(({ id }) => id !== messageId);
  };

  /** See `Decisions.decide`. */
  decide: Decisions<M>["decide"] = (toolCallId, answer) => this.#decisions.decide(toolCallId, answer);

  /** Asks the run to end the answer that is being written; what was written stays. */
  async requestStop(): Promise<void> {
    if (this.#active || this.#isBusy()) await this.#stop.ask();
  }

  /** What was read may be older than what is answered by now. */
  #takeUpStop({ stopSeq }: ResumeHandle): boolean {
    const next = this.#ledger.list()[0]?.seq ?? null;
    return stopSeq !== null && next !== null && next < stopSeq && this.#stop.takeUp(stopSeq);
  }

  /** The AI SDK's status is that of one request; the page's is that of the whole conversation. */
  protected override setStatus({ status, error }: { status: SdkStatus; error?: Error }): void {
    if (status === "error") this.#turnFailure = error;
    if (status === "streaming" && this.#active) this.#active.status = "streaming";
    this.#publish();
  }

  #publish(): void {
    this.#queued.publish();
    const failure = this.#turnFailure ?? this.#outbox.failure;
    const status = this.#statusNow(failure);
    super.setStatus(status === "error" && failure ? { status, error: failure } : { status });
  }

  #statusNow(failure: Error | undefined): ChatStatus {
    if (this.#active || this.#isBusy()) {
      return this.#sawParts ? "streaming" : (this.#active?.status ?? "submitted");
    }
    return failure ? "error" : "ready";
  }

  #isBusy(): boolean {
    return this.#unknownTurn || this.#ledger.size > 0;
  }

  #placeOf(answerId: string): Place {
    if (this.#active?.made.includes(answerId)) return this.#active.placeOf(answerId);
    return { after: null, before: this.#ledger.list()[0]?.messageId ?? null };
  }

  #inOrder(step: () => Promise<void> | void): void {
    this.#work = this.#work.then(step).catch((error: unknown) => {
      // One step that fails must not hold up those after it.
      this.#active = null;
      this.#turnFailure = error instanceof Error ? error : new Error(String(error));
      this.#publish();
    });
  }

  async #handOver(turn: Turn): Promise<void> {
    const next = this.#ledger.list()[0];
    const active = new ActiveTurn<M>(next, this.#begun);
    this.#active = active;
    this.#unknownTurn = false;
    this.#turnFailure = undefined;
    const isShown = this.messages.some((message) => message.id === next?.messageId);
    const isKnown = next && (next.messageId === null || isShown) && !this.#ledger.hasGap();
    if (!isKnown) this.#listener.onForeignTurn?.();
    this.#transport.turn = turn;
    await this.resumeStream();
    const outcome = await turn.ended;
    // An answer may be complete before the append that asked for it is acknowledged.
    await next?.settled;
    this.#finish(active, outcome, !outcome.failed && turn.isWhole);
    if (turn.isTorn) this.#listener.onForeignTurn?.();
  }

  #finish(active: ActiveTurn<M>, { boundary, failed }: TurnOutcome, isWhole: boolean): void {
    const answered = this.#ledger.list();
    this.#begun = boundary || failed ? [] : active.made;
    if (boundary) this.#ledger.consumed(boundary.consumed, true);
    else if (failed) this.#ledger.settleNext();
    const waiting = this.#ledger.list();
    const wasAnothers = active.answeredEarlierThanExpected(boundary);
    this.messages = placeSteered(active.close(this.messages, waiting, !isWhole));
    const at = boundary?.seq ?? this.#follower.cursor ?? 0;
    for (const id of active.made) this.#history.settle(id, at, active.placeOf(id).after);
    for (const { messageId } of answered) {
      if (messageId !== null && !this.#ledger.has(messageId)) this.#history.settle(messageId, at, null);
    }
    this.#active = null;
    this.#history.forgetDropped();
    this.#rest();
    if (wasAnothers) this.#listener.onForeignTurn?.();
    const messageId = active.made.at(-1) ?? null;
    this.#listener.onTurnEnd?.({
      lastEventId: boundary ? String(boundary.seq) : null,
      messageId,
      foreign: active.foreign || wasAnothers,
      failed,
      cutIds: isWhole || messageId === null ? active.keptIds : [...active.keptIds, messageId],
    });
  }

  /** No turn is open now. */
  #rest(): void {
    this.#sawParts = false;
    this.#stop.end();
    this.#publish();
    this.#follower.dropIfIdle();
  }

  /** The end of a turn that showed nothing here: an edit by another tab, or one that failed or was given up before. */
  #passBoundary(boundary: Boundary): void {
    this.#begun = [];
    const wasAwaited = this.#isBusy() || this.#turnFailure !== undefined;
    this.#unknownTurn = false;
    const waited = this.#ledger.list();
    this.#ledger.consumed(boundary.consumed, false);
    // Passed without an answer: it was withdrawn elsewhere, or failed.
    const passed = waited.some(({ messageId }) => messageId !== null && !this.#ledger.has(messageId));
    this.#rest();
    if (!wasAwaited || passed) this.#listener.onForeignTurn?.();
  }

  #settleUnknown(): void {
    this.#unknownTurn = false;
    this.#rest();
  }

  #close(reason: string | null): void {
    this.facts.set({ closed: { reason } });
    this.#ledger.clear();
    this.#unknownTurn = this.#hasSession = false;
    this.#publish();
  }

  #giveUp(stopSeq: number | null): void {
    this.#ledger.settleBefore(stopSeq);
    this.#unknownTurn = false;
    this.#follower.giveUp();
    if (!this.#active) this.#rest();
  }

  #sent(error: Error | null): void {
    if (error instanceof SessionClosedError) this.#close(error.reason);
    else this.#hasSession = true;
    this.#publish();
    this.#follower.wake();
  }

  /** The agent drops the answers after its last user message and writes a new one; so does this page. */
  async #answerAnew(): Promise<void> {
    const before = this.messages;
    const last = before.findLastIndex((message) => message.role === "user");
    if (last === -1 || this.#active || this.#isBusy()) return;
    const failure = this.#turnFailure;
    const dropped = before.slice(last + 1).map((message) => message.id);
    this.#turnFailure = undefined;
    this.#history.drop(dropped, true);
    this.messages = before.slice(0, last + 1);
    await this.regenerate();
    if (!this.#outbox.hasFailed(null)) return;
    this.#history.drop(dropped, false);
    this.#turnFailure = failure;
    this.messages = before;
  }
}
