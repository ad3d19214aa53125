-- Work that an answer gives to a task of its own, and the pages that a research reads.
CREATE TABLE "Subtask" (
    "id" TEXT NOT NULL,
    "chatId" TEXT NOT NULL,
    "toolCallId" TEXT NOT NULL,
    "askedId" TEXT NOT NULL,
    "callerRunId" TEXT NOT NULL,
    "tool" TEXT NOT NULL,
    "input" JSONB NOT NULL,
    "model" TEXT,
    "state" TEXT NOT NULL DEFAULT 'running',
    "turnEnded" BOOLEAN NOT NULL DEFAULT false,
    "generation" INTEGER NOT NULL DEFAULT 1,
    "runId" TEXT,
    "begun" BOOLEAN NOT NULL DEFAULT false,
    "progress" JSONB,
    "output" JSONB,
    "error" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Subtask_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "Subtask_chatId_toolCallId_key" ON "Subtask"("chatId", "toolCallId");
ALTER TABLE "Subtask" ADD CONSTRAINT "Subtask_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "Chat"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "SubtaskPage" (
    "subtaskId" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "depth" INTEGER NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'queued',
    "foundUrl" TEXT,
    "title" TEXT,
    "text" TEXT,
    "chars" INTEGER NOT NULL DEFAULT 0,
    "notes" TEXT,
    "reason" TEXT,

    CONSTRAINT "SubtaskPage_pkey" PRIMARY KEY ("subtaskId", "url")
);
ALTER TABLE "SubtaskPage" ADD CONSTRAINT "SubtaskPage_subtaskId_fkey" FOREIGN KEY ("subtaskId") REFERENCES "Subtask"("id") ON DELETE CASCADE ON UPDATE CASCADE;
