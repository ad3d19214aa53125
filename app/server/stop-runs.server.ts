import { chatIdsOf } from "#app/models/chat.server.ts";
import { cancelRun, liveRuns } from "#app/server/trigger-client.server.ts";

/** Ends every run of the user's chats, and answers how many there were. Throws TriggerError. */
export async function stopRunsOf(userId: string): Promise<number> {
  const own = new Set((await chatIdsOf(userId)).map((id) => `chat:${id}`));
  const runs = (await liveRuns()).filter(({ tags }) => tags.some((tag) => own.has(tag)));
  await Promise.all(runs.map(({ id }) => cancelRun(id)));
  return runs.length;
}
