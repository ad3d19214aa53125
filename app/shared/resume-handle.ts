import type { OpenTurn } from "#app/shared/open-turn.ts";

/** What the page says about a chat in `data-chat-status`. */
export type ChatStatus = "ready" | "submitted" | "streaming" | "error";

/** What a browser needs to go on reading a chat's stream where the page's HTML ends. */
export type ResumeHandle = {
  /** Opens this one chat for at most an hour; null when the Trigger API could not be asked for one. */
  publicAccessToken: string | null;
  /** The stored cursor of `.out`, a decimal string; null before the first turn ends. */
  lastEventId: string | null;
  /** The open turn, where its answer is in the messages as far as it has got: reading goes on at its cursor. */
  open: OpenTurn | null;
  /** Ids and places of the last records of that turn which are in it: a writer that lost an acknowledgement repeats those. */
  newest: readonly (readonly [id: string, seq: number])[];
  /** Something is still to be read: an unanswered message, or an answer that the database has not yet. */
  isStreaming: boolean;
  /** Sequence number in `.in` of the newest unanswered record; null when there is none. */
  activeInputSeq: number | null;
  /** The unanswered messages in the order of `.in`, the one being answered first: where each lies and its id. */
  pending: { messageId: string; seq: number }[];
  /** Sequence number in `.in` of a stop of what is unanswered that no run has heard yet; null when there is none. */
  stopSeq: number | null;
  /** The run that handles the chat, or the last one known. */
  runId: string | null;
};

/** What `POST /chats/:id/session` and `POST /chats/:id/token` answer. */
export type TokenReply = { publicAccessToken: string };
