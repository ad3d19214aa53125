import { SSEStreamSubscription } from "@trigger.dev/core/v3";
import { type ChatTransport, generateId, type UIMessage, type UIMessageChunk } from "ai";
import type { ChatAction } from "#app/shared/chat-action.ts";
import type { InputAppender } from "#app/chat/input-append.ts";
import type { Turn } from "#app/chat/turn.ts";
import type { OpenOut, OutRequest } from "#app/chat/turn-follower.ts";
import { Repeats } from "#app/shared/repeats.ts";
import type { ResumeHandle } from "#app/shared/resume-handle.ts";
import { answersToSend } from "#app/shared/tool-answers.ts";

/** The addresses of one chat's session on the Trigger API, as the browser reaches it. */
export function sessionUrls(triggerUrl: string, chatId: string): { append: string; out: string } {
  const session = `${triggerUrl.replace(/\/+$/, "")}/realtime/v1/sessions/${encodeURIComponent(chatId)}`;
  return { append: `${session}/in/append`, out: `${session}/out` };
}

/** What becomes of an append, for whoever keeps count; the AI SDK is told nothing but the turns themselves. */
export type AppendWatcher = (input: { messageId: string | null }) => {
  acknowledged: (seq: number | null) => void;
  failed: (error: Error) => void;
};

/**
 * The door of `useChat` to a durable session. Sending appends to `.in` and is over with that: every answer, whoever
 * asked for it, is a turn of `.out`, and `reconnectToStream` gives the turn that the chat was handed last.
 */
export class DurableTransport<M extends UIMessage> implements ChatTransport<M> {
  /** Every turn is given from its first chunk on, also when its beginning is on the page already. */
  readonly resumeStreamIsReplay = true;
  turn: Turn | null = null;
  watch: AppendWatcher = () => ({ acknowledged: () => undefined, failed: () => undefined });

  constructor(private readonly appender: InputAppender) {}

  /**
   * Never throws: a failed append must not end the turn that is streaming, so the watcher is told. The message's
   * id is its part id, so that sending it again after a lost acknowledgement stores nothing twice.
   */
  sendMessages: ChatTransport<M>["sendMessages"] = async (options) => {
    const { trigger, chatId, messageId, messages, metadata, body } = options;
    const last = messages.at(-1);
    const message = trigger === "submit-message" ? last : undefined;
    const payload = message
      ? { ...body, message, chatId, trigger, messageId, metadata }
      : { chatId, trigger: "action", action: answerAction(last) };
    const outcome = this.watch({ messageId: message?.id ?? null });
    try {
      const partId = message?.id ?? `regenerate-${generateId()}`;
      outcome.acknowledged(await this.appender.append({ kind: "message", payload }, partId));
    } catch (error) {
      outcome.failed(error instanceof Error ? error : new Error(String(error)));
    }
    return noChunks();
  };

  reconnectToStream: ChatTransport<M>["reconnectToStream"] = () => Promise.resolve(this.turn?.stream ?? null);

  /** Sends what was decided about the message's calls; gives the sequence number on `.in`. Throws an AppendError. */
  answer(message: M, chatId: string): Promise<number | null> {
    const payload = {
      message: answersToSend(message),
      chatId,
      trigger: "submit-message",
      messageId: message.id,
    };
    return this.appender.append({ kind: "message", payload }, `decision-${generateId()}`);
  }

  /** Gives the stop's sequence number on `.in`. Throws an AppendError. */
  stop(): Promise<number | null> {
    return this.appender.append({ kind: "stop" }, `stop-${generateId()}`);
  }
}

/** The last message is to be answered anew: named, so that a run that comes late does not answer another one. */
function answerAction(last: UIMessage | undefined): ChatAction {
  return { type: "answer", messageId: last?.id ?? "" };
}

function noChunks(): ReadableStream<UIMessageChunk> {
  return new ReadableStream({ start: (controller) => controller.close() });
}

/** Reads `.out` with the SDK's own reader, one connection a call; retries are the follower's. */
export function outReader(
  url: string,
  fetcher: typeof fetch,
  { newest }: Pick<ResumeHandle, "newest">,
): OpenOut {
  const repeats = new Repeats(newest);
  return async function* read(request) {
    const subscription = new SSEStreamSubscription(url, {
      headers: {
        Authorization: `Bearer ${request.token}`,
        ...(request.peek ? { "X-Peek-Settled": "1" } : {}),
      },
      signal: request.signal,
      ...(request.lastEventId === null ? {} : { lastEventId: request.lastEventId }),
      timeoutInSeconds: request.timeoutSeconds,
      maxRetries: 0,
      fetchClient: (input, init) => observed(fetcher, request, input, init),
    });
    // Not every browser can iterate a stream.
    const reader = (await subscription.subscribe()).getReader();
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        const { id, recordId, chunk, headers } = next.value;
        const record = repeats.read(Number(id), chunk, headers, recordId);
        if (record) yield record;
      }
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  };
}

/** Tells when the answer begins and that bytes arrive: the reader shows neither, and passes no ping on. */
async function observed(
  fetcher: typeof fetch,
  { onOpen, onBytes }: OutRequest,
  ...[input, init]: Parameters<typeof fetch>
): Promise<Response> {
  const response = await fetcher(input, init);
  if (!response.ok || !response.body) return response;
  onOpen(response.headers.get("X-Session-Settled") === "true");
  const body = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(bytes, controller) {
        onBytes();
        controller.enqueue(bytes);
      },
    }),
  );
  return new Response(body, { status: response.status, headers: response.headers });
}
