-- Who follows whom, for a page of a long chat, and whether a chat has rows that name no parent.
CREATE INDEX "Message_chatId_parentId_idx" ON "Message"("chatId", "parentId");
