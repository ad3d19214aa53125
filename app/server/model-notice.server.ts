import { env } from "#app/env.server.ts";
import { DEMO_MODEL_ID, defaultModelId } from "#app/model-catalog/list-models.server.ts";
import type { ModelNotice } from "#app/shared/model-notice.ts";

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

/** Whether the demo model will answer. Only known where runs have this process's environment: locally. */
async function isDemo(): Promise<boolean> {
  if (env().LOCAL_TRIGGER_PORT === undefined) return false;
  return (await defaultModelId()) === DEMO_MODEL_ID;
}

/** Who will answer in a new chat, and what is worth trying with it. */
export async function modelNotice(): Promise<ModelNotice> {
  const demo = await isDemo().catch(() => false);
  return { demo, suggestions: demo ? FOR_DEMO : FOR_REAL };
}
