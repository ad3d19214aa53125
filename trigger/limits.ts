import { logger } from "@trigger.dev/sdk";
import { ownLimits } from "#app/models/limits.server.ts";
import { beginTurn, forgetTurn, type Measured } from "#app/models/turn.server.ts";
import { limitReached } from "#app/shared/limit-words.ts";
import { VisibleError } from "#trigger/model-error.ts";
import { retry } from "#trigger/retry.ts";

const UNCOUNTED =
  "The message is stored, but was not answered: the database cannot be reached. Try again in a moment.";

/** A turn that is being counted while its message is stored. */
export type Counted = {
  /** Resolves once the model may be called. Throws VisibleError when its person has used up what one may use. */
  admitted: () => Promise<void>;
  /** There is nothing to be answered after all. Never rejects. */
  forget: () => Promise<void>;
};

/** Begins to count the turn of this person. */
export function countTurn(
  userId: string,
  { chatId, runId, turn }: { chatId: string; runId: string; turn: number },
): Counted {
  const id = `${runId}:${turn}`;
  const counting = retry(() => beginTurn({ id, userId, chatId }, ownLimits()));
  // Whoever fails to store the message does not ask how the count went.
  counting.catch(() => {});
  return {
    admitted: async () => {
      const full = await counting.catch(() => {
        throw new VisibleError(UNCOUNTED);
      });
      if (full) refuse(full, chatId);
    },
    forget: () =>
      counting
        .then(() => forgetTurn(id))
        .catch(() => logger.warn("a turn was counted that was not had", { chatId })),
  };
}

function refuse(full: Measured, chatId: string): never {
  logger.warn("a limit is reached", { chatId, limit: full.limit, roomIn: full.roomIn });
  throw new VisibleError(limitReached(full));
}
