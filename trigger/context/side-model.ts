import { env } from "#app/env.server.ts";
import type { UsageRow } from "#app/models/usage.server.ts";
import { metered } from "#trigger/metered.ts";
import { resolveModel, type ResolvedModel } from "#trigger/models.ts";

/** The chat that a call beside its answers is made for, and the chat's own model. */
export type SideCall = { chatId: string; userId: string; model: string | null };

/** The model for work beside the answers: SIDE_MODEL, or the chat's own. */
export async function sideModel(call: SideCall, kind: UsageRow["kind"]): Promise<ResolvedModel> {
  const { chatId, userId } = call;
  return metered(await resolveModel(env().SIDE_MODEL ?? call.model), { userId, chatId, kind });
}
