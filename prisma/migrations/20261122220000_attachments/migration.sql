-- Files that people attach, and the messages that refer to them. The bytes lie in the attachment store.
CREATE TABLE "Attachment" (
    "id" TEXT NOT NULL,
    "userId" TEXT,
    "name" TEXT NOT NULL,
    "mediaType" TEXT NOT NULL,
    "size" INTEGER NOT NULL,
    "sha256" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Attachment_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "Attachment_userId_idx" ON "Attachment"("userId");
CREATE INDEX "Attachment_createdAt_idx" ON "Attachment"("createdAt");
ALTER TABLE "Attachment" ADD CONSTRAINT "Attachment_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE SET NULL ON UPDATE CASCADE;

CREATE TABLE "MessageFile" (
    "chatId" TEXT NOT NULL,
    "messageId" TEXT NOT NULL,
    "attachmentId" TEXT NOT NULL,
    CONSTRAINT "MessageFile_pkey" PRIMARY KEY ("chatId", "messageId", "attachmentId")
);
CREATE INDEX "MessageFile_attachmentId_idx" ON "MessageFile"("attachmentId");
ALTER TABLE "MessageFile" ADD CONSTRAINT "MessageFile_chatId_messageId_fkey" FOREIGN KEY ("chatId", "messageId") REFERENCES "Message"("chatId", "id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "MessageFile" ADD CONSTRAINT "MessageFile_attachmentId_fkey" FOREIGN KEY ("attachmentId") REFERENCES "Attachment"("id") ON DELETE CASCADE ON UPDATE CASCADE;
