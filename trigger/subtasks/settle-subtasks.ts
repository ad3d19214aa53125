import { logger } from "@trigger.dev/sdk";
import { settleSubtasks } from "#app/models/subtask.server.ts";
import { cancelRuns } from "#trigger/subtasks/follow-subtask.ts";

/**
 * A turn of the chat is over, or another one begins: subtasks that nobody waits for any more end. `but`: the message
 * whose lost answer is made anew, and takes its subtasks over. Never throws.
 */
export async function endSubtasks(chatId: string, but: string | null = null): Promise<void> {
  try {
    await cancelRuns(await settleSubtasks(chatId, but));
  } catch {
    logger.warn("subtasks that nobody waits for could not be ended yet", { chatId });
  }
}
