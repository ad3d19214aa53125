-- What was decided about messages that wait behind a running answer.
CREATE TABLE "QueuedInput" (
    "chatId" TEXT NOT NULL,
    "messageId" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "text" TEXT,

    CONSTRAINT "QueuedInput_pkey" PRIMARY KEY ("chatId", "messageId")
);
ALTER TABLE "QueuedInput" ADD CONSTRAINT "QueuedInput_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "Chat"("id") ON DELETE CASCADE ON UPDATE CASCADE;
