-- A conversation is a tree of messages, and the chat names the end of the branch on screen. What was written before
-- needs no value: a message without a parent follows the one before it, a chat without a head ends with its last.
ALTER TABLE "Message" ADD COLUMN "parentId" TEXT;
ALTER TABLE "Message" ADD COLUMN "leftAt" TIMESTAMP(3);
ALTER TABLE "Chat" ADD COLUMN "headMessageId" TEXT;

-- Finds at once whether a chat has messages without a parent: every writer asks.
CREATE INDEX "Message_without_parent_idx" ON "Message"("chatId", "position") WHERE "parentId" IS NULL;
