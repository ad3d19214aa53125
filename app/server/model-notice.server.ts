import { env } from "#app/env.server.ts";
import type { ModelNotice } from "#app/shared/model-notice.ts";

const OLLAMA = "http://127.0.0.1:11434";
const PROBE_MS = 300;
const KEEP_MS = 30_000;

const FOR_DEMO = [
  "What time is it?",
  "Think, and show me how.",
  "Give me a long answer, so that I can reload in the middle of it.",
];
const FOR_REAL = [
  "What time is it in Tokyo, and in São Paulo?",
  "Write a long story about a lighthouse, so that I can reload in the middle of it.",
  "What have we talked about in my other chats?",
];

let probed: { at: number; found: Promise<boolean> } | undefined;

/** Ollama says that it is there; asked again after half a minute. */
function ollamaAnswers(base: string): Promise<boolean> {
  if (!probed || Date.now() - probed.at > KEEP_MS) {
    const signal = AbortSignal.timeout(PROBE_MS);
    const found = fetch(`${base.replace(/\/+$/, "")}/api/tags`, { signal }).then(
      (response) => response.ok,
      () => false,
    );
    probed = { at: Date.now(), found };
  }
  return probed.found;
}

/** Whether the demo model will answer. Only known where the runs have this process's environment: locally. */
async function isDemo(): Promise<boolean> {
  const { LOCAL_TRIGGER_PORT, DEFAULT_MODEL, OLLAMA_BASE_URL, ...rest } = env();
  if (LOCAL_TRIGGER_PORT === undefined) return false;
  if (DEFAULT_MODEL) return DEFAULT_MODEL.startsWith("demo:");
  const keys = [
    rest.OPENAI_COMPATIBLE_BASE_URL,
    rest.OPENAI_API_KEY,
    rest.ANTHROPIC_API_KEY,
    rest.GOOGLE_GENERATIVE_AI_API_KEY,
  ];
  if (keys.some((key) => key !== undefined)) return false;
  return OLLAMA_BASE_URL === "off" || !(await ollamaAnswers(OLLAMA_BASE_URL ?? OLLAMA));
}

/** Who will answer in a new chat, and what is worth trying with it. */
export async function modelNotice(): Promise<ModelNotice> {
  const demo = await isDemo();
  return { demo, suggestions: demo ? FOR_DEMO : FOR_REAL };
}
