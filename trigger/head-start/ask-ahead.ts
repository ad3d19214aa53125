import { convertToModelMessages, streamText } from "ai";
import { acceptSubmitted } from "#app/shared/chat-message.ts";
import type { ChatOfRun } from "#app/models/chat.server.ts";
import { answerCall } from "#trigger/answer-call.ts";
import { withFiles } from "#trigger/attached-files.ts";
import { fitsWhole } from "#trigger/context/fit.ts";
import { fingerprintOf, modelRequest, type ModelRequest } from "#trigger/head-start/model-request.ts";
import { billUnread } from "#trigger/metered.ts";
import { resolveModel } from "#trigger/models.ts";
import { withOwnFiles } from "#trigger/own-files.ts";
import { chatTools, retoldTools } from "#trigger/tools/index.ts";

/** A new chat with its first message, as the browser sent it. */
export type NewChat = {
  userId: string;
  chatId: string;
  message: { id: string };
  own: Pick<ChatOfRun, "model" | "systemPrompt" | "temperature">;
};

/** What the run of a new chat will ask its model first. */
export type FirstRequest = ModelRequest & {
  fingerprint: string;
  /** Whoever sent it, and gave nobody its answer, pays for it. Never throws. */
  bill: () => Promise<void>;
};

/**
 * The first request that the run of this chat will make, found by the very code that it runs. Nothing is sent. Null
 * where there is nothing to be sent ahead: the demo model, a message that is not accepted or too long for its model.
 */
export async function firstRequest({ userId, chatId, message, own }: NewChat): Promise<FirstRequest | null> {
  const caught: ModelRequest[] = [];
  const model = await resolveModel(own.model, (input, init) => {
    const request = modelRequest(input, init);
    if (request) caught.push(request);
    throw new Error("this request is only looked at");
  });
  const clean = acceptSubmitted(message);
  if (!model.access || !clean) return null;
  const asked = await withOwnFiles(chatId, clean);
  if (!fitsWhole(model, [asked])) return null;
  const call = answerCall(own, withFiles(model, userId).model, {
    messages: await convertToModelMessages([asked], { tools: retoldTools }),
    tools: chatTools({ userId, chatId, runId: "", said: () => [asked] }),
    further: { minded: null, lost: [], documents: null },
  });
  const ignore = () => undefined;
  await streamText({ ...call, maxRetries: 0, onError: ignore }).consumeStream({ onError: ignore });
  const [request] = caught;
  if (!request) return null;
  const bill = () => billUnread(model.id, { userId, chatId, kind: "answer" }, request.init.body);
  return { ...request, fingerprint: fingerprintOf(request), bill };
}
