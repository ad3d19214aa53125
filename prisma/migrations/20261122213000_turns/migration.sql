-- Turns that were begun, for the limits per user. Rows older than two days are deleted when the next turn begins.
CREATE TABLE "Turn" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "chatId" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "endedAt" TIMESTAMPTZ(3),
    CONSTRAINT "Turn_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "Turn_userId_at_idx" ON "Turn"("userId", "at");
CREATE INDEX "Turn_chatId_idx" ON "Turn"("chatId");
ALTER TABLE "Turn" ADD CONSTRAINT "Turn_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;
