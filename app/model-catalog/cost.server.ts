import { env } from "#app/env.server.ts";
import { PRICES, type ListedPrice, type Price } from "#app/model-catalog/prices.ts";
import { providerAccess } from "#app/model-catalog/providers.server.ts";
import { parseModelId, type ModelOption } from "#app/shared/model-option.ts";

/** Tokens of one call. `input` has all of the prompt, also what came from a cache or went into one. */
export type CallTokens = {
  input: number | undefined;
  output: number | undefined;
  cacheRead?: number | undefined;
  cacheWrite?: number | undefined;
};

/**
 * What one call of `provider:model` costs, in millionths of a US dollar, rounded up: 0 for a model on this machine or
 * its network, null where the price or the tokens are not known.
 */
export function costOf(modelId: string, tokens: CallTokens, at = new Date()): number | null {
  const option = parseModelId(modelId);
  const listed = option && priceOf(option);
  if (!listed) return null;
  const { input, output, cacheRead = 0, cacheWrite = 0 } = tokens;
  if (listed.in === 0 && listed.out === 0) return 0;
  if (input === undefined || output === undefined) return null;
  const price = nowOf(listed, input, at);
  const fresh = Math.max(0, input - cacheRead - cacheWrite);
  const micros =
    fresh * price.in +
    cacheRead * (price.cached ?? price.in) +
    cacheWrite * (price.cacheWrite ?? price.in) +
    output * price.out;
  // Sums of tenths are not exact; what is a whole number must not be rounded up from a breath above it.
  return Math.ceil(Number(micros.toFixed(6)));
}

function nowOf({ until, over, ...price }: ListedPrice, input: number, at: Date): Price {
  if (until && at.toISOString().slice(0, 10) < until.day) return until;
  return over && input > over.tokens ? over : price;
}

const FREE: Price = { in: 0, out: 0 };

function priceOf(option: ModelOption): ListedPrice | null {
  const own = env().MODEL_PRICES;
  const set = own[option.id] ?? own[`${option.provider}:*`];
  if (set) return set;
  const listed = PRICES[option.provider];
  const found = listed?.[option.model] ?? listed?.[plainName(option.model)];
  return found ?? (runsHere(option) ? FREE : null);
}

/** Without the day or number of a release: the same model at the same price. */
const plainName = (model: string): string =>
  model.replace(/(-preview|-latest)$/, "").replace(/-(\d{4}-\d{2}-\d{2}|\d{8}|\d{3}|0)$/, "");

function runsHere({ provider }: ModelOption): boolean {
  if (provider === "demo") return true;
  if (provider !== "ollama" && provider !== "openai-compatible") return false;
  const access = providerAccess(provider);
  return access !== null && isNear(new URL(access.baseUrl).hostname);
}

/** This machine or its own network. */
function isNear(host: string): boolean {
  return (
    /^(localhost|\[::1\]|127\.[\d.]+|10\.[\d.]+|192\.168\.[\d.]+|172\.(1[6-9]|2\d|3[01])\.[\d.]+)$/.test(
      host,
    ) || /\.(local|lan|internal|localhost)$/.test(host)
  );
}
