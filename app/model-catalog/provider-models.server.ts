import { z } from "zod";
import type { ProviderAccess } from "#app/model-catalog/providers.server.ts";
import type { ProviderName } from "#app/shared/model-option.ts";

const TIMEOUT_MS = 3_000;

const openAiList = z.object({ data: z.array(z.object({ id: z.string() })) });
const googleList = z.object({
  models: z.array(
    z.object({ name: z.string(), supportedGenerationMethods: z.array(z.string()).default([]) }),
  ),
});

/** Offered first where the provider has them, and alone while its list cannot be read. */
const PREFERRED: Partial<Record<ProviderName, string[]>> = {
  openai: ["gpt-4.1-mini", "gpt-4.1", "gpt-4o"],
  anthropic: ["claude-sonnet-4-5", "claude-haiku-4-5"],
  google: ["gemini-2.5-flash", "gemini-2.5-pro"],
};

/** OpenAI lists models for speech, images and search beside those that chat. */
const OPENAI_CHAT = /^(gpt-|o\d|chatgpt-)/;
const OPENAI_OTHER = /audio|realtime|image|transcribe|tts|search|instruct|codex|deep-research/;

async function getJson(url: string, headers: Record<string, string>): Promise<unknown> {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${new URL(url).origin} answered ${response.status}`);
  return response.json();
}

async function fetchModels({ name, baseUrl, apiKey }: ProviderAccess): Promise<string[]> {
  if (name === "google") {
    const list = googleList.parse(
      await getJson(`${baseUrl}/models?pageSize=200`, { "x-goog-api-key": apiKey ?? "" }),
    );
    return list.models
      .filter((model) => model.supportedGenerationMethods.includes("generateContent"))
      .map((model) => model.name.replace(/^models\//, ""));
  }
  const headers: Record<string, string> =
    name === "anthropic"
      ? { "x-api-key": apiKey ?? "", "anthropic-version": "2023-06-01" }
      : apiKey
        ? { authorization: `Bearer ${apiKey}` }
        : {};
  const { data } = openAiList.parse(await getJson(`${baseUrl}/models`, headers));
  const ids = data.map((model) => model.id);
  return name === "openai" ? ids.filter((id) => OPENAI_CHAT.test(id) && !OPENAI_OTHER.test(id)) : ids;
}

/**
 * The provider's models, the preferred ones first. A provider with a key keeps its preferred ones when its
 * list cannot be read; a server named by its address has none then.
 */
export async function modelsOf(access: ProviderAccess): Promise<string[]> {
  const preferred = PREFERRED[access.name] ?? [];
  try {
    const models = await fetchModels(access);
    const first = preferred.filter((model) => models.includes(model));
    return [...first, ...models.filter((model) => !first.includes(model))];
  } catch {
    return preferred;
  }
}
