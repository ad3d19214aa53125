import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { LanguageModelV3 } from "@ai-sdk/provider";
import { env } from "#app/env.server.ts";
import { defaultModelId } from "#app/model-catalog/list-models.server.ts";
import { providerAccess, type ProviderAccess } from "#app/model-catalog/providers.server.ts";
import { parseModelId, type ModelOption } from "#app/shared/model-option.ts";
import { boundedFetch } from "#trigger/bounded-fetch.ts";
import { demoModel } from "#trigger/demo-model.ts";

/** A model ready to be called, and how to reach it; `access` is null for the demo. */
export type ResolvedModel = ModelOption & { instance: LanguageModelV3; access: ProviderAccess | null };

/** A fault that the person can repair; its message names the fix. */
export class ModelChoiceError extends Error {}

/**
 * The model of that id, or the default one for null; `ask` reaches its server. Throws a ModelChoiceError when it
 * cannot be used.
 */
export async function resolveModel(id: string | null, ask: typeof fetch = fetch): Promise<ResolvedModel> {
  const wanted = id ?? (await defaultModelId());
  const option = parseModelId(wanted);
  if (!option) {
    throw new ModelChoiceError(`There is no model "${wanted}". Choose another model for this chat.`);
  }
  if (option.provider === "demo") {
    return { ...option, access: null, instance: demoModel({ delayMs: env().DEMO_MODEL_DELAY_MS }) };
  }
  const access = providerAccess(option.provider);
  if (!access) {
    const fix = `Set its variable (see the README) or choose another model.`;
    throw new ModelChoiceError(`The provider of the model "${wanted}" is not set up. ${fix}`);
  }
  return { ...option, access, instance: instantiate(access, option.model, ask) };
}

function instantiate(
  { name, baseUrl, apiKey }: ProviderAccess,
  model: string,
  ask: typeof fetch,
): LanguageModelV3 {
  const answered: typeof fetch = (input, init) => boundedFetch(input, init, { ask });
  const settings = { baseURL: baseUrl, fetch: answered, ...(apiKey ? { apiKey } : {}) };
  switch (name) {
    case "openai":
      return createOpenAI(settings).chat(model);
    case "anthropic":
      return createAnthropic(settings)(model);
    case "google":
      return createGoogleGenerativeAI(settings)(model);
    default:
      return createOpenAICompatible({ ...settings, name, includeUsage: true })(model);
  }
}
