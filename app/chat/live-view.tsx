import { ChatHeader } from "#app/chat/chat-header.tsx";
import { Composer } from "#app/chat/composer.tsx";
import { NOTHING_KNOWN } from "#app/chat/drafts.ts";
import { MessageList } from "#app/chat/message-list.tsx";
import { RunStateLine } from "#app/chat/run-state-line.tsx";
import { runState } from "#app/chat/run-state.ts";
import type { AttachmentOffer } from "#app/shared/attachment.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import type { Summary } from "#app/shared/summary.ts";
import type { ChatStatus } from "#app/shared/resume-handle.ts";

/** Where the answer is written into the document; React writes it into the HTML just as it stands here. */
export const LIVE_MARK = '<span hidden="" data-live-answer=""></span>';

type Props = {
  chatId: string;
  messageId: string;
  status: ChatStatus;
  /** It was asked to stop, and no run has heard that yet. */
  stopping: boolean;
  /** What stands before the answer that is being written, and what waits behind it. */
  before: LongrunUIMessage[];
  after: LongrunUIMessage[];
  partialIds: string[];
  summary: Summary | null;
  attachments: AttachmentOffer;
};

/** A chat whose answer is being written, for a browser without scripts: the document ends when the answer does. */
export function LiveView({ chatId, messageId, status, stopping, before, after, ...rest }: Props) {
  const { partialIds, summary, attachments } = rest;
  const page = `/chats/${chatId}`;
  const told = runState({ status, connection: "live", stopping, empty: false, run: null });
  const list = { partialIds, summary, delivery: {}, streaming: false, open: true, onRetry: () => undefined };
  return (
    <main className="chat live" data-chat-status={status}>
      {/* A browser counts from the end of the document on. Cut off, it leaves a server the time to start again. */}
      <meta httpEquiv="refresh" content={`10;url=${page}`} />
      <ChatHeader>
        <RunStateLine told={told} />
      </ChatHeader>
      {/* Before the conversation, so that one can write and stop while the answer is still on its way. */}
      <div className="composer-area">
        <Composer
          action={page}
          hidden={{ messageId }}
          open
          offer={attachments}
          draft={{ name: chatId, known: NOTHING_KNOWN }}
          onSend={() => false}
        />
      </div>
      <div className="conversation">
        <div className="scroll">
          <div className="column" role="log" aria-label="Conversation">
            <MessageList messages={before} {...list} />
            <span hidden data-live-answer="" />
            <MessageList messages={after} {...list} />
            {/* Sent with the end of the answer; the shorter time counts. */}
            <meta httpEquiv="refresh" content={`1;url=${page}`} />
          </div>
        </div>
      </div>
    </main>
  );
}
