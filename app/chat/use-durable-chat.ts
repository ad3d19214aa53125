import type { UIMessage } from "ai";
import type { ChatStatus, ResumeHandle } from "#app/shared/resume-handle.ts";

export type Connection = "live" | "reconnecting" | "offline";

/** What became of a message of this tab that the server has not acknowledged yet. */
export type Delivery = "sending" | "failed";

export type TurnEnd = {
  /** The turn's cursor on `.out`, a decimal string; null when the turn was given up without a boundary. */
  lastEventId: string | null;
  /** The answer's id; null when the turn had none. */
  messageId: string | null;
  /** The turn was not started by this tab: another tab or device, or the engine after a crash. */
  foreign: boolean;
  failed: boolean;
};

export type DurableChatOptions<M extends UIMessage> = {
  chatId: string;
  /** History and pending messages in the order of the page. A new array (after a revalidation) is merged in. */
  initialMessages: M[];
  /** Goes with `initialMessages`: read in the same loader call. */
  handle: ResumeHandle;
  /** Where the browser reaches the Trigger API, without a path. */
  triggerUrl: string;
  /** A turn began that this tab did not start: revalidate the loader, so that the message it answers appears. */
  onForeignTurn?: () => void;
  onTurnEnd?: (end: TurnEnd) => void;
};

export type DurableChatHelpers<M extends UIMessage> = {
  messages: M[];
  /** As in `[data-chat-status]`; on the server and at hydration it follows from `handle` alone. */
  status: ChatStatus;
  /** Why `status` is `error`. Its message may be shown. */
  error: Error | undefined;
  /** Shows the message at once and appends it; allowed at any time, an answer that is running is not disturbed. */
  send: (text: string) => void;
  /** Asks the run to stop; what was written stays. `stopping` until the turn has ended. */
  stop: () => void;
  stopping: boolean;
  /** Sends failed messages again under their own ids; without any, answers the last message anew. */
  retry: () => void;
  connection: Connection;
  /** By message id; a message that is not in it is safe on the server. */
  delivery: Readonly<Record<string, Delivery>>;
  /** Set once the session is closed for good (deleted, or ended by the agent): nothing more can be sent. */
  closed: { reason: string | null } | null;
};

/** One open chat: `useChat` fed by one follower of the session's `.out`. Mount it under `key={chatId}`. */
export declare function useDurableChat<M extends UIMessage>(
  options: DurableChatOptions<M>,
): DurableChatHelpers<M>;
