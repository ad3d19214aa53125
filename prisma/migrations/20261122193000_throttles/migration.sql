-- How often something was tried, so that every web server counts together and a restart forgets nothing.
CREATE TABLE "ThrottleWindow" (
    "key" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "endsAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "ThrottleWindow_pkey" PRIMARY KEY ("key")
);

CREATE INDEX "ThrottleWindow_endsAt_idx" ON "ThrottleWindow"("endsAt");
