/** In the order in which an unset DEFAULT_MODEL looks for one. */
export const PROVIDERS = ["openai-compatible", "openai", "anthropic", "google", "ollama", "demo"] as const;

export type ProviderName = (typeof PROVIDERS)[number];

/** One model that a chat may use. `id` is `provider:model`. */
export type ModelOption = { id: string; provider: ProviderName; model: string };

/** Splits `provider:model` at the first colon; null when it names no provider that there is. */
export function parseModelId(id: string): ModelOption | null {
  const colon = id.indexOf(":");
  const provider = PROVIDERS.find((name) => name === id.slice(0, colon));
  const model = id.slice(colon + 1);
  return provider && model ? { id, provider, model } : null;
}
