-- What a person thinks of an answer. It goes with the chat.
CREATE TABLE "Vote" (
    "chatId" TEXT NOT NULL,
    "messageId" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Vote_pkey" PRIMARY KEY ("chatId", "messageId")
);

ALTER TABLE "Vote" ADD CONSTRAINT "Vote_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "Chat"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- How far the owner has seen the chat's answers. What was answered before counts as seen.
ALTER TABLE "ChatSession" ADD COLUMN "seenEventId" TEXT;
UPDATE "ChatSession" SET "seenEventId" = "lastEventId";
