-- What was decided about a call that waits, until all that wait with it are decided. It goes with the chat.
CREATE TABLE "Decision" (
    "chatId" TEXT NOT NULL,
    "messageId" TEXT NOT NULL,
    "toolCallId" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "answer" JSONB NOT NULL,
    "at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Decision_pkey" PRIMARY KEY ("chatId", "messageId", "toolCallId")
);

ALTER TABLE "Decision" ADD CONSTRAINT "Decision_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "Chat"("id") ON DELETE CASCADE ON UPDATE CASCADE;
