-- What a chat and its owner have chosen; null everywhere means what it was before.
ALTER TABLE "Chat" ADD COLUMN "systemPrompt" TEXT;
ALTER TABLE "Chat" ADD COLUMN "temperature" DOUBLE PRECISION;
ALTER TABLE "User" ADD COLUMN "defaultModel" TEXT;
ALTER TABLE "User" ADD COLUMN "lastModel" TEXT;

-- One row a call of a model. What was spent stays spent when its chat is deleted, and goes with the account.
CREATE TABLE "Usage" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "chatId" TEXT,
    "at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "model" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "inputTokens" INTEGER,
    "outputTokens" INTEGER,
    "cachedTokens" INTEGER,
    "costMicros" INTEGER,
    "estimated" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "Usage_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "Usage_userId_at_idx" ON "Usage"("userId", "at");
CREATE INDEX "Usage_chatId_idx" ON "Usage"("chatId");
ALTER TABLE "Usage" ADD CONSTRAINT "Usage_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "Usage" ADD CONSTRAINT "Usage_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "Chat"("id") ON DELETE SET NULL ON UPDATE CASCADE;
