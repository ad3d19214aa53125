import { env, type Env } from "#app/env.server.ts";
import type { ProviderName } from "#app/shared/model-option.ts";

/** Where a provider is and how it is asked; what fetches its list and what calls its models both read this. */
export type ProviderAccess = {
  name: ProviderName;
  baseUrl: string;
  apiKey: string | undefined;
  /** The variable that a person sets to repair this provider. */
  variable: string;
};

const OLLAMA_DEFAULT_URL = "http://127.0.0.1:11434";

type Reader = (values: Env) => Omit<ProviderAccess, "name"> | null;

const readers: Record<Exclude<ProviderName, "demo">, Reader> = {
  "openai-compatible": (values) =>
    values.OPENAI_COMPATIBLE_BASE_URL
      ? {
          baseUrl: trimSlash(values.OPENAI_COMPATIBLE_BASE_URL),
          apiKey: values.OPENAI_COMPATIBLE_API_KEY,
          variable: "OPENAI_COMPATIBLE_BASE_URL",
        }
      : null,
  openai: (values) => keyed("https://api.openai.com/v1", values.OPENAI_API_KEY, "OPENAI_API_KEY"),
  anthropic: (values) => keyed("https://api.anthropic.com/v1", values.ANTHROPIC_API_KEY, "ANTHROPIC_API_KEY"),
  google: (values) =>
    keyed(
      "https://generativelanguage.googleapis.com/v1beta",
      values.GOOGLE_GENERATIVE_AI_API_KEY,
      "GOOGLE_GENERATIVE_AI_API_KEY",
    ),
  ollama: (values) => {
    const setting = values.OLLAMA_BASE_URL ?? OLLAMA_DEFAULT_URL;
    if (setting.toLowerCase() === "off") return null;
    return { baseUrl: ollamaBase(setting), apiKey: undefined, variable: "OLLAMA_BASE_URL" };
  },
};

function keyed(baseUrl: string, apiKey: string | undefined, variable: string) {
  return apiKey ? { baseUrl, apiKey, variable } : null;
}

const trimSlash = (url: string): string => url.replace(/\/+$/, "");

/** Ollama speaks OpenAI's chat completions under /v1; people give its address with and without that. */
function ollamaBase(setting: string): string {
  const base = trimSlash(setting);
  return base.endsWith("/v1") ? base : `${base}/v1`;
}

/** How to reach a provider, or null when the environment does not name it. The demo needs no access. */
export function providerAccess(name: ProviderName): ProviderAccess | null {
  if (name === "demo") return null;
  const found = readers[name](env());
  return found && { name, ...found };
}
