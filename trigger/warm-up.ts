import { chatOfRun } from "#app/models/chat.server.ts";
import { readTranscript } from "#app/models/transcript.server.ts";

/**
 * Called by the worker host in processes that stand ready for a run: connects to the database and lets Prisma
 * prepare the first turn's queries, a third of a cold start. Reads nothing: no chat has this id.
 */
export async function warmUp(): Promise<void> {
  const chatId = "warm-up";
  await Promise.all([readTranscript({ chatId }), chatOfRun(chatId)]);
}
