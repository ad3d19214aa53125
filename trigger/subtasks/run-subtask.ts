import { logger, queue, schemaTask } from "@trigger.dev/sdk";
import { z } from "zod";
import { ownLimits } from "#app/models/limits.server.ts";
import {
  claimSubtask,
  isWanted,
  writeSubtask,
  type ClaimedSubtask,
  type SubtaskRef,
} from "#app/models/subtask.server.ts";
import { measure } from "#app/models/turn.server.ts";
import { limitReached } from "#app/shared/limit-words.ts";
import { metered } from "#trigger/metered.ts";
import { explainModelError, VisibleError } from "#trigger/model-error.ts";
import { resolveModel, type ResolvedModel } from "#trigger/models.ts";
import { retry } from "#trigger/retry.ts";

/** Subtasks of one person at a time, over all chats; the runs carry the person as their concurrency key. */
const AT_ONCE = 3;
const LOOK_EVERY_MS = 1_000;

const subtaskQueue = queue({ name: "longrun-subtasks", concurrencyLimit: AT_ONCE });

/** What the run of a subtask is given: no words, those are in the database and go with the chat. */
const subtaskPayload = z.object({ subtaskId: z.string(), generation: z.number().int() });

/** What the work of a subtask goes by. */
export type Work = Omit<ClaimedSubtask, "model"> & {
  ref: SubtaskRef;
  model: ResolvedModel;
  /** Aborted when the subtask is not wanted any more. */
  signal: AbortSignal;
  /** Keeps where another run would go on. Throws when the subtask is not wanted any more. */
  keep: (progress: unknown) => Promise<void>;
  /** Throws VisibleError when the person has used up what one may use. Before each call of a model. */
  checkLimits: () => Promise<void>;
};

/** The subtask is not wanted any more: its run ends without a word. */
class Unwanted extends Error {}

/** Throws Unwanted for the `false` of a write that found the subtask ended. */
export async function wanted(written: Promise<boolean>): Promise<void> {
  if (!(await written)) throw new Unwanted();
}

/** A kind of subtask: the durable task whose runs do `work`, under the id by which the chat's run triggers it. */
export const subtaskTask = (id: string, work: (given: Work) => Promise<unknown>) =>
  schemaTask({
    id,
    schema: subtaskPayload,
    queue: subtaskQueue,
    // The chat's run starts another one when this one dies.
    retry: { maxAttempts: 1 },
    run: (payload, { ctx }) => runSubtask(payload, ctx.run.id, work),
  });

/** Does the work of one run of a subtask and stores its end. */
async function runSubtask(
  payload: z.infer<typeof subtaskPayload>,
  runId: string,
  work: (given: Work) => Promise<unknown>,
): Promise<void> {
  const ref = { id: payload.subtaskId, generation: payload.generation };
  const claimed = await retry(() => claimSubtask(ref, runId));
  if (!claimed) return logger.info("the subtask is not wanted any more", { subtaskId: ref.id });
  const over = new AbortController();
  const watch = setInterval(() => {
    isWanted(ref).then(
      (still) => still || over.abort(new Unwanted()),
      () => undefined,
    );
  }, LOOK_EVERY_MS);
  let model: ResolvedModel | undefined;
  try {
    model = await resolveModel(claimed.model);
    const { userId, chatId } = claimed;
    const counted: ResolvedModel = metered(model, { userId, chatId, kind: "subtask" });
    const output = await work({
      ...claimed,
      ref,
      model: counted,
      signal: over.signal,
      keep: (progress) => wanted(retry(() => writeSubtask(ref, { progress }))),
      checkLimits: () => checkLimits(userId),
    });
    await retry(() => writeSubtask(ref, { state: "done", output }));
  } catch (error) {
    if (over.signal.aborted || error instanceof Unwanted) return;
    await retry(() => writeSubtask(ref, { state: "failed", error: sentenceOf(error, model) }));
    logger.warn("the subtask failed", { subtaskId: ref.id, error: error instanceof Error ? error.name : "" });
  } finally {
    clearInterval(watch);
  }
}

function sentenceOf(error: unknown, model: ResolvedModel | undefined): string {
  if (model) return explainModelError(error, model);
  return error instanceof Error ? error.message : "No model can be used.";
}

async function checkLimits(userId: string): Promise<void> {
  const { tokensPerDay, costMicrosPerDay } = ownLimits();
  const limits = { answersPerMinute: 0, answersPerDay: 0, answersAtOnce: 0, tokensPerDay, costMicrosPerDay };
  const full = (await measure(userId, limits)).find(({ roomIn }) => roomIn > 0);
  if (full) throw new VisibleError(limitReached(full));
}
