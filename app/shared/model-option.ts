/** In the order in which an unset DEFAULT_MODEL looks for one. */
export const PROVIDERS = ["openai-compatible", "openai", "anthropic", "google", "ollama", "demo"] as const;

export type ProviderName = (typeof PROVIDERS)[number];

/** One model that a chat may use. `id` is `provider:model`. */
export type ModelOption = { id: string; provider: ProviderName; model: string };

/** What a model takes and does. Left out: not known. */
export type ModelAbilities = {
  /** It answers a request that names a temperature. */
  temperature: boolean;
  tools?: boolean;
  images?: boolean;
  /** PDF files. */
  files?: boolean;
  /** It thinks before it answers. */
  reasoning?: boolean;
};

export type OfferedModel = ModelOption & { abilities: ModelAbilities };

/** What can be chosen for a chat, and what is. */
export type ModelChoice = {
  options: OfferedModel[];
  /** As it is stored: null follows the default. */
  model: string | null;
  /** The default model's id; null where it cannot be told. */
  fallback: string | null;
  /** The chosen model is not among what its provider offers now. */
  gone: boolean;
};

/** Splits `provider:model` at the first colon; null when it names no provider that there is. */
export function parseModelId(id: string): ModelOption | null {
  const colon = id.indexOf(":");
  const provider = PROVIDERS.find((name) => name === id.slice(0, colon));
  const model = id.slice(colon + 1);
  return provider && model ? { id, provider, model } : null;
}

/** What the model that answers takes and does; undefined where it is not in the list. */
export function abilitiesOfChoice({ options, model, fallback }: ModelChoice): ModelAbilities | undefined {
  return options.find(({ id }) => id === (model ?? fallback))?.abilities;
}
