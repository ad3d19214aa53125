-- Older messages of a branch in fewer words, for the model.
CREATE TABLE "Summary" (
  "chatId" TEXT NOT NULL,
  "throughId" TEXT NOT NULL,
  "text" TEXT NOT NULL,
  "messages" INTEGER NOT NULL,
  "model" TEXT NOT NULL,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "Summary_pkey" PRIMARY KEY ("chatId", "throughId"),
  CONSTRAINT "Summary_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "Chat"("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- What a second look at an answer found.
CREATE TABLE "Review" (
  "chatId" TEXT NOT NULL,
  "messageId" TEXT NOT NULL,
  "text" TEXT NOT NULL,
  "model" TEXT NOT NULL,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "Review_pkey" PRIMARY KEY ("chatId", "messageId"),
  CONSTRAINT "Review_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "Chat"("id") ON DELETE CASCADE ON UPDATE CASCADE
);

ALTER TABLE "Chat" ADD COLUMN "secondLook" BOOLEAN NOT NULL DEFAULT false;
