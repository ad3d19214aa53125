-- Documents beside a conversation, and their versions. They go with their chat.
CREATE TABLE "Document" (
    "chatId" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "language" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Document_pkey" PRIMARY KEY ("chatId", "id")
);
CREATE TABLE "DocumentVersion" (
    "chatId" TEXT NOT NULL,
    "documentId" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "title" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "author" TEXT NOT NULL,
    "callId" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "DocumentVersion_pkey" PRIMARY KEY ("chatId", "documentId", "number")
);
CREATE UNIQUE INDEX "DocumentVersion_chatId_callId_digest_key" ON "DocumentVersion"("chatId", "callId", "digest");
ALTER TABLE "Document" ADD CONSTRAINT "Document_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "Chat"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "DocumentVersion" ADD CONSTRAINT "DocumentVersion_chatId_documentId_fkey" FOREIGN KEY ("chatId", "documentId") REFERENCES "Document"("chatId", "id") ON DELETE CASCADE ON UPDATE CASCADE;
