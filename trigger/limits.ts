import { logger } from "@trigger.dev/sdk";
import { ownLimits } from "#app/models/limits.server.ts";
import { beginTurn, type Measured } from "#app/models/turn.server.ts";
import { limitReached } from "#app/shared/limit-words.ts";
import { VisibleError } from "#trigger/model-error.ts";
import { retry } from "#trigger/retry.ts";

/** Counts the turn before the model is called. Throws VisibleError when its person has used up what one may use. */
export async function beginLimited(
  userId: string | undefined,
  { chatId, runId, turn }: { chatId: string; runId: string; turn: number },
): Promise<void> {
  if (userId === undefined) return;
  let full: Measured | null;
  try {
    full = await retry(() => beginTurn({ id: `${runId}:${turn}`, userId, chatId }, ownLimits()));
  } catch {
    throw new VisibleError(
      "The message is stored, but was not answered: the database cannot be reached. Try again in a moment.",
    );
  }
  if (!full) return;
  logger.warn("a limit is reached", { chatId, limit: full.limit, roomIn: full.roomIn });
  throw new VisibleError(limitReached(full));
}
