import { env } from "#app/env.server.ts";
import type { ModelOption } from "#app/shared/model-option.ts";

type Rule = { model: RegExp; tokens: number };

/** By provider, the first rule that fits. Newer models than these are taken to hold as much as the last rule says. */
const RULES: Partial<Record<ModelOption["provider"], Rule[]>> = {
  openai: [
    { model: /^gpt-3\.5/, tokens: 16_000 },
    { model: /^gpt-4(-\d|$)/, tokens: 8_000 },
    { model: /^(gpt-4o|gpt-4-turbo|chatgpt-|o1-(mini|preview))/, tokens: 128_000 },
    { model: /^gpt-4\.1/, tokens: 1_000_000 },
    { model: /^o\d/, tokens: 200_000 },
    { model: /^/, tokens: 270_000 },
  ],
  anthropic: [{ model: /^/, tokens: 200_000 }],
  google: [
    { model: /^gemma-/, tokens: 32_000 },
    { model: /^/, tokens: 1_000_000 },
  ],
  demo: [{ model: /^/, tokens: 1_000_000 }],
};

/** Tokens that a model takes in at once; CONTEXT_TOKENS for those of servers that run models of their own. */
export function contextTokensOf({ provider, model }: ModelOption): number {
  const rule = RULES[provider]?.find((candidate) => candidate.model.test(model));
  return rule?.tokens ?? env().CONTEXT_TOKENS;
}
