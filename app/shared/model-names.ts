import {
  parseModelId,
  type ModelAbilities,
  type ModelChoice,
  type ProviderName,
} from "#app/shared/model-option.ts";

export const PROVIDER_NAMES: Record<ProviderName, string> = {
  "openai-compatible": "OpenAI-compatible",
  openai: "OpenAI",
  anthropic: "Anthropic",
  google: "Google",
  ollama: "Ollama",
  demo: "Demo",
};

/** A model's name without its provider. */
export const modelName = (id: string): string => parseModelId(id)?.model ?? id;

/** The name of what answers: the chosen model, or the default one. */
export function chosenName({ model, fallback }: ModelChoice): string {
  const id = model ?? fallback;
  return id === null ? "Default model" : modelName(id);
}

const WORDS = [
  ["images", "images"],
  ["files", "PDF"],
  ["tools", "tools"],
  ["reasoning", "thinks"],
] as const;

/** What is known that a model takes and does, in a few words; empty where nothing is known. */
export const abilityWords = (abilities: ModelAbilities): string =>
  WORDS.filter(([ability]) => abilities[ability])
    .map(([, word]) => word)
    .join(", ");
