import { stepCountIs, type ModelMessage } from "ai";
import { abilitiesOf } from "#app/model-catalog/model-abilities.ts";
import type { ChatOfRun } from "#app/models/chat.server.ts";
import type { ResolvedModel } from "#trigger/models.ts";
import { systemPrompt } from "#trigger/system-prompt.ts";

/** Model calls in one turn; a model that calls tools for ever is stopped here. */
const MAX_STEPS = 12;

type Further = Parameters<typeof systemPrompt>[1];

/**
 * What a chat's model is asked. The run and a head start both ask by this: a head start is taken over only where its
 * request is the run's, byte for byte.
 */
export function answerCall<Tools>(
  own: Pick<ChatOfRun, "systemPrompt" | "temperature">,
  model: ResolvedModel,
  told: { messages: ModelMessage[]; tools: Tools; further: Further },
) {
  return {
    model: model.instance,
    system: systemPrompt(own.systemPrompt, told.further),
    ...(own.temperature !== null && abilitiesOf(model).temperature ? { temperature: own.temperature } : {}),
    messages: told.messages,
    tools: told.tools,
    stopWhen: stepCountIs(MAX_STEPS),
  };
}
