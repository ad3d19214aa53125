import { env } from "#app/env.server.ts";
import { defaultModelId, listModels, listModelsWithin } from "#app/model-catalog/list-models.server.ts";
import { abilitiesOf } from "#app/model-catalog/model-abilities.ts";
import { preferredModels } from "#app/models/chat-settings.server.ts";
import type { ModelChoice } from "#app/shared/model-option.ts";

/** A page waits so long for providers that have not said yet what they have; the next load may show more. */
const PATIENCE_MS = 400;

/** What the picker of a chat shows; `model` as it is stored. Never fails. */
export async function modelChoice(model: string | null): Promise<ModelChoice> {
  const [options, fallback] = await Promise.all([
    listModelsWithin(PATIENCE_MS),
    defaultModelId().catch(() => null),
  ]);
  const offered = options.map((option) => ({ ...option, abilities: abilitiesOf(option) }));
  const listed = model === null || options.some(({ id }) => id === model);
  // Elsewhere the runs have keys of their own, so that this list need not be theirs.
  const gone = !listed && env().LOCAL_TRIGGER_PORT !== undefined;
  return { options: offered, model, fallback, gone };
}

/** The picker of a chat that is not made yet. A preferred model that has gone is passed over. */
export async function newChatChoice(userId: string): Promise<ModelChoice> {
  const choice = await modelChoice(null);
  const { defaultModel, lastModel } = await preferredModels(userId);
  const model = [defaultModel, lastModel].find((id) => choice.options.some((option) => option.id === id));
  return { ...choice, model: model ?? null };
}

/** The choice of the settings, which goes before the one that was made last. */
export async function defaultChoice(userId: string): Promise<ModelChoice> {
  return modelChoice((await preferredModels(userId)).defaultModel);
}

/** The model for a chat that is made without saying which: as `newChatChoice` has it. */
export async function preferredModel(userId: string): Promise<string | null> {
  const { defaultModel, lastModel } = await preferredModels(userId);
  if (defaultModel === null && lastModel === null) return null;
  const options = await listModelsWithin(PATIENCE_MS);
  const known = [defaultModel, lastModel].find((id) => options.some((option) => option.id === id));
  return known ?? null;
}

/** What to store for a model that a form names: null for the default one. */
export async function chosenModel(
  wanted: FormDataEntryValue | null,
): Promise<{ model: string | null } | { error: string }> {
  if (wanted === "") return { model: null };
  const known = (await listModels()).find(({ id }) => id === wanted);
  return known ? { model: known.id } : { error: "There is no such model here any more. Choose another one." };
}
