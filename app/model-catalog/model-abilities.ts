import type { ModelAbilities, ModelOption } from "#app/shared/model-option.ts";

type Rule = { model: RegExp; abilities: ModelAbilities };

const ALL = { tools: true, images: true, files: true } as const;

/**
 * By provider, the first rule that fits. Newer models than these are taken to be like the newest of their family;
 * both OpenAI's models that think and Anthropic's since 4.7 refuse a temperature.
 */
const RULES: Partial<Record<ModelOption["provider"], Rule[]>> = {
  openai: [
    {
      model: /^gpt-3\.5|^gpt-4(-\d|$)/,
      abilities: { temperature: true, tools: true, images: false, files: false },
    },
    { model: /^gpt-4-turbo/, abilities: { temperature: true, tools: true, images: true, files: false } },
    { model: /^(gpt-4|gpt-\d+-chat)/, abilities: { temperature: true, ...ALL } },
    { model: /^chatgpt-/, abilities: { temperature: true, tools: false, images: true } },
    {
      model: /^o(1|3)-mini/,
      abilities: { temperature: false, tools: true, images: false, files: false, reasoning: true },
    },
    { model: /^(o\d|gpt-)/, abilities: { temperature: false, ...ALL, reasoning: true } },
  ],
  anthropic: [
    {
      model: /^claude-(3|(opus|sonnet|haiku)-4(-[0-6])?(-\d{8})?$)/,
      abilities: { temperature: true, ...ALL },
    },
    { model: /^claude-(opus|sonnet|haiku)-4/, abilities: { temperature: false, ...ALL } },
    { model: /^claude-/, abilities: { temperature: false, ...ALL, reasoning: true } },
  ],
  google: [
    { model: /^gemini-(1|2\.0)/, abilities: { temperature: true, ...ALL } },
    { model: /^gemini-/, abilities: { temperature: true, ...ALL, reasoning: true } },
    { model: /^gemma-/, abilities: { temperature: true, tools: false, files: false } },
  ],
  demo: [
    {
      model: /^/,
      abilities: { temperature: false, tools: true, images: false, files: false, reasoning: true },
    },
  ],
};

/** What is known of a model. Of servers that run models of their own nothing is, but that they take a temperature. */
export function abilitiesOf({ provider, model }: ModelOption): ModelAbilities {
  const rule = RULES[provider]?.find((candidate) => candidate.model.test(model));
  return rule?.abilities ?? { temperature: true };
}
