import type { ProviderName } from "#app/shared/model-option.ts";

/** US dollars for a million tokens, which is millionths of a dollar for one. */
export type Price = {
  in: number;
  out: number;
  /** Read from the provider's cache; unset: as `in`. */
  cached?: number | undefined;
  /** Written to the provider's cache; unset: as `in`. */
  cacheWrite?: number | undefined;
};

/** `over`: for calls whose prompt is longer than so many tokens. `until`: another price before that day. */
export type ListedPrice = Price & { over?: Price & { tokens: number }; until?: Price & { day: string } };

/**
 * List prices of text as known on 2026-10-24. They were gathered without reading these pages themselves, so check what
 * you bill by; the providers publish them at
 * https://developers.openai.com/api/docs/pricing
 * https://platform.claude.com/docs/en/about-claude/pricing
 * https://ai.google.dev/gemini-api/docs/pricing
 * A model that is not here has no known price; MODEL_PRICES adds and replaces.
 */
export const PRICES: Partial<Record<ProviderName, Record<string, ListedPrice>>> = {
  openai: {
    "gpt-6-astra": long({ in: 10, out: 50, cached: 1, cacheWrite: 12.5 }),
    "gpt-6-sol": long({ in: 2, out: 10, cached: 0.2, cacheWrite: 2.5 }),
    "gpt-6.1-sol": long({ in: 2, out: 10, cached: 0.1, cacheWrite: 2.5 }),
    "gpt-6-luna": long({ in: 0.1, out: 0.5, cached: 0.01, cacheWrite: 0.125 }),
    "gpt-5.6": long({ in: 4, out: 20, cached: 0.4 }),
    "gpt-5.6-sol": long({ in: 4, out: 20, cached: 0.4 }),
    "gpt-5.6-terra": long({ in: 2, out: 12, cached: 0.2 }),
    "gpt-5.6-luna": long({ in: 0.2, out: 1.2, cached: 0.02 }),
    "gpt-5.5": long({ in: 5, out: 30, cached: 0.5 }),
    "gpt-5.4": long({ in: 2.5, out: 15, cached: 0.25 }),
    "gpt-5.4-mini": { in: 0.75, out: 4.5, cached: 0.075 },
    "gpt-5.2": { in: 1.75, out: 14, cached: 0.175 },
    "gpt-5.1": { in: 1.25, out: 10, cached: 0.125 },
    "gpt-5": { in: 1.25, out: 10, cached: 0.125 },
    "gpt-5-mini": { in: 0.25, out: 2, cached: 0.025 },
    "gpt-5-nano": { in: 0.05, out: 0.4, cached: 0.005 },
    "gpt-4.1": { in: 2, out: 8, cached: 0.5 },
    "gpt-4.1-mini": { in: 0.4, out: 1.6, cached: 0.1 },
    "gpt-4.1-nano": { in: 0.1, out: 0.4, cached: 0.025 },
    "gpt-4o": { in: 2.5, out: 10, cached: 1.25 },
    "gpt-4o-mini": { in: 0.15, out: 0.6, cached: 0.075 },
    "gpt-3.5-turbo": { in: 0.5, out: 1.5 },
    o1: { in: 15, out: 60, cached: 7.5 },
    o3: { in: 2, out: 8, cached: 0.5 },
    "o3-mini": { in: 1.1, out: 4.4, cached: 0.55 },
    "o4-mini": { in: 1.1, out: 4.4, cached: 0.275 },
  },
  anthropic: {
    "claude-fable-5-1": claude(10, 50, 0.25),
    "claude-fable-5": claude(10, 50, 1),
    "claude-opus-5-5": claude(4, 20, 0.2),
    "claude-opus-5": claude(5, 25, 0.5),
    "claude-opus-4-8": claude(5, 25, 0.5),
    "claude-opus-4-7": claude(5, 25, 0.5),
    "claude-opus-4-6": claude(5, 25, 0.5),
    "claude-opus-4-5": claude(5, 25, 0.5),
    "claude-opus-4-1": claude(15, 75, 1.5),
    "claude-opus-4": claude(15, 75, 1.5),
    "claude-sonnet-5-5": claude(2, 10, 0.1),
    "claude-sonnet-5": claude(2, 10, 0.2),
    "claude-sonnet-4-6": claude(3, 15, 0.3),
    "claude-sonnet-4-5": claude(3, 15, 0.3),
    "claude-sonnet-4": claude(3, 15, 0.3),
    "claude-haiku-5-5": { ...claude(0.1, 0.5, 0.01), over: { tokens: 100_000, ...claude(0.5, 2.5, 0.05) } },
    "claude-haiku-4-5": claude(1, 5, 0.1),
    "claude-3-5-haiku": claude(0.8, 4, 0.08),
  },
  google: {
    "gemini-4-argon": {
      in: 4,
      out: 20,
      cached: 0.2,
      until: { day: "2026-12-01", in: 2, out: 10, cached: 0.1 },
    },
    "gemini-3.8-flash": flash(),
    "gemini-3.7-flash": flash(),
    "gemini-3.6-flash": flash(),
    "gemini-3.5-flash-lite": { in: 0.3, out: 2.5, cached: 0.03 },
    "gemini-3.1-pro": pro({ in: 2, out: 12, cached: 0.2 }, { in: 4, out: 18, cached: 0.4 }),
    "gemini-3-pro": pro({ in: 2, out: 12, cached: 0.2 }, { in: 4, out: 18, cached: 0.4 }),
    "gemini-3-flash": { in: 0.5, out: 3, cached: 0.05 },
    "gemini-2.5-pro": pro({ in: 1.25, out: 10, cached: 0.125 }, { in: 2.5, out: 15, cached: 0.25 }),
    "gemini-2.5-flash": { in: 0.3, out: 2.5, cached: 0.03 },
    "gemini-2.5-flash-lite": { in: 0.1, out: 0.4, cached: 0.01 },
  },
};

/** OpenAI: twice for a long prompt, and half as much again for what is written after it. */
function long(price: Price): ListedPrice {
  const twice = (value: number | undefined) => value && value * 2;
  const { cached, cacheWrite } = price;
  const over = {
    in: price.in * 2,
    out: price.out * 1.5,
    cached: twice(cached),
    cacheWrite: twice(cacheWrite),
  };
  return { ...price, over: { tokens: 272_000, ...over } };
}

/** Anthropic: a write to the cache costs a quarter more. */
function claude(input: number, out: number, cached: number): Price {
  return { in: input, out, cached, cacheWrite: input * 1.25 };
}

function flash(): ListedPrice {
  const until = { day: "2027-01-01", in: 0.75, out: 3.75, cached: 0.075 };
  return { in: 1.5, out: 7.5, cached: 0.15, until };
}

function pro(price: Price, over: Price): ListedPrice {
  return { ...price, over: { tokens: 200_000, ...over } };
}
