import { setTimeout } from "node:timers/promises";
import { env } from "#app/env.server.ts";
import { modelsOf } from "#app/model-catalog/provider-models.server.ts";
import { providerAccess } from "#app/model-catalog/providers.server.ts";
import { parseModelId, PROVIDERS, type ModelOption, type ProviderName } from "#app/shared/model-option.ts";

/** The built-in model; it is there when nothing else is. */
export const DEMO_MODEL_ID = "demo:demo";

const FRESH_MS = 30_000;

type Entry = { at: number; models: string[]; refreshing: Promise<string[]> | null };

const cache = new Map<ProviderName, Entry>();

async function refresh(name: ProviderName, entry: Entry): Promise<string[]> {
  const access = providerAccess(name);
  const models = access ? await modelsOf(access) : name === "demo" ? ["demo"] : [];
  // A server that is away for a moment keeps its models: a call of them says what is wrong, where a silent change
  // to another model would not.
  if (models.length > 0) entry.models = models;
  entry.at = Date.now();
  entry.refreshing = null;
  return entry.models;
}

/** A list once read is answered at once, however old; an old one is read again behind the answer. */
async function cachedModels(name: ProviderName): Promise<string[]> {
  const entry = cache.get(name) ?? { at: 0, models: [], refreshing: null };
  cache.set(name, entry);
  if (Date.now() - entry.at < FRESH_MS) return entry.models;
  entry.refreshing ??= refresh(name, entry);
  // An empty list is worth waiting for: a server that was down may have come up since.
  return entry.models.length > 0 ? entry.models : entry.refreshing;
}

/** Every model that can be used now, in the order of the providers; the demo model is always the last. */
export function listModels(): Promise<ModelOption[]> {
  return listFrom(cachedModels);
}

/** The same after at most so many milliseconds, without the models of providers that have not answered by then. */
export async function listModelsWithin(ms: number): Promise<ModelOption[]> {
  const stop = new AbortController();
  const late = setTimeout(ms, undefined, { signal: stop.signal }).catch(() => undefined);
  try {
    return await listFrom((name) =>
      Promise.race([cachedModels(name), late.then(() => cache.get(name)?.models ?? [])]),
    );
  } finally {
    stop.abort();
  }
}

async function listFrom(read: (name: ProviderName) => Promise<string[]>): Promise<ModelOption[]> {
  const lists = await Promise.all(PROVIDERS.map(async (name) => ({ name, models: await read(name) })));
  return lists.flatMap(({ name, models }) =>
    models.map((model) => ({ id: `${name}:${model}`, provider: name, model })),
  );
}

/** DEFAULT_MODEL, or the first model of the first provider that has one. Throws on a DEFAULT_MODEL of wrong form. */
export async function defaultModelId(): Promise<string> {
  const wanted = env().DEFAULT_MODEL;
  if (wanted) {
    if (!parseModelId(wanted)) {
      throw new Error(
        `DEFAULT_MODEL is "${wanted}"; it must be provider:model, provider one of ${PROVIDERS.join(", ")}.`,
      );
    }
    return wanted;
  }
  for (const name of PROVIDERS) {
    const [model] = await cachedModels(name);
    if (model) return `${name}:${model}`;
  }
  return DEMO_MODEL_ID;
}

/** Forgets what was read, so that the next call asks the providers again. */
export function forgetModels(): void {
  cache.clear();
}
