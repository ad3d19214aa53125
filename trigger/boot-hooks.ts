import { logger } from "@trigger.dev/sdk";
import type { BootEvent } from "@trigger.dev/sdk/ai";
import { defaultModelId } from "#app/model-catalog/list-models.server.ts";
import { saveSession } from "#app/models/chat-session.server.ts";
import { readEmptyBranch } from "#trigger/branch-sync.ts";
import { ownChatId, runState } from "#trigger/run-state.ts";
import { runBooted } from "#trigger/turn-log.ts";

/** First in every run: remembers whose run this is, and lets the page see it while it waits. */
export async function onBoot({
  ctx,
  chatId,
  runId,
  chatAccessToken,
  continuation,
}: BootEvent): Promise<void> {
  const state = runState();
  state.chatId = chatId;
  state.continues = continuation || ctx.attempt.number > 1;
  // Read now, so that the first turn does not wait for a provider's list; a wrong value is told by that turn.
  void defaultModelId().catch(() => undefined);
  await Promise.all([completeSession({ runId, chatAccessToken }), readEmptyBranch(state, chatId)]);
  runBooted({ chatId, runId });
}

/** Completes the chat's session row. A failure is left to onTurnStart, which insists. */
export async function completeSession(event: { runId: string; chatAccessToken: string }): Promise<void> {
  const chatId = ownChatId(runState());
  try {
    await saveSession({ chatId, runId: event.runId, publicAccessToken: event.chatAccessToken });
  } catch {
    logger.warn("the session row could not be completed yet", { chatId });
  }
}
