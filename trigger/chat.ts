import { logger } from "@trigger.dev/sdk";
import { chat } from "@trigger.dev/sdk/ai";
import { runWaits } from "#app/env.server.ts";
import { usedBySubtasks } from "#app/models/usage.server.ts";
import { chatActionSchema } from "#app/shared/chat-action.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { answerCall } from "#trigger/answer-call.ts";
import { toldOfRun } from "#trigger/answer-metadata.ts";
import { failedAnswer, toAnswer } from "#trigger/answer-stream.ts";
import { type Reading, withFiles } from "#trigger/attached-files.ts";
import { completeSession, onBoot } from "#trigger/boot-hooks.ts";
import { onAction } from "#trigger/branch-action.ts";
import { fitContext } from "#trigger/context/fit.ts";
import { toMind } from "#trigger/context/second-look.ts";
import { documentsNote } from "#trigger/documents-note.ts";
import { takeBegunCalls } from "#trigger/finish-calls.ts";
import { OwnHeadStart } from "#trigger/head-start/own-head-start.ts";
import { metered } from "#trigger/metered.ts";
import { explainModelError, VisibleError } from "#trigger/model-error.ts";
import { resolveModel, type ResolvedModel } from "#trigger/models.ts";
import { toldToModel } from "#trigger/open-calls.ts";
import { hold, takeSteering } from "#trigger/queue.ts";
import { recover } from "#trigger/recovery.ts";
import { runState } from "#trigger/run-state.ts";
import { subtaskCalls } from "#trigger/subtasks/lost-calls.ts";
import { watchModel } from "#trigger/watch-model.ts";
import { stoppedAnswer } from "#trigger/stopped-answer.ts";
import { callIsKept } from "#trigger/stream-tail.ts";
import { chatTools, retoldTools } from "#trigger/tools/index.ts";
import { actsOrIsGone, runOnce } from "#trigger/tools/run-once.ts";
import { agentStorage } from "#trigger/transcript-storage.ts";
import * as hooks from "#trigger/turn-hooks.ts";

export { warmUp } from "#trigger/warm-up.ts";

/** One more try for a fault that passes; a second one would keep the person waiting for a sentence. */
const MODEL_RETRIES = 1;

const { RUN_IDLE_SECONDS, RUN_END_SECONDS } = runWaits();

/** A turn that was stopped while no run heard it: what had been begun is its answer. */
async function endStopped(scope: Parameters<typeof chatTools>[0], signal: AbortSignal) {
  const tools = chatTools(scope);
  const calls = await takeBegunCalls(scope.chatId);
  const acting = calls.filter(({ toolName, outcome }) => outcome ?? actsOrIsGone(tools, toolName));
  return stoppedAnswer(runState(), acting, signal);
}

/** The durable run of one chat. */
export const longrunChat = chat.withUIMessage<LongrunUIMessage>().agent({
  id: "longrun-chat",
  storage: agentStorage,
  idleTimeoutInSeconds: RUN_IDLE_SECONDS,
  turnTimeout: `${RUN_END_SECONDS}s`,
  // What people write stays out of traces.
  telemetry: { recordUserMessage: false, recordClientData: false },
  onBoot,
  onRecoveryBoot: recover,
  tools: retoldTools,
  actionSchema: chatActionSchema,
  onAction,
  onValidateMessages: hooks.onValidateMessages,
  onChatStart: completeSession,
  onTurnStart: hooks.onTurnStart,
  onTurnComplete: hooks.onTurnComplete,
  pendingMessages: { onReceived: hold, shouldInject: () => true },
  run: async ({ messages, signal, streamText, ctx, clientData }) => {
    const { chatId, chat: own, recovering, goesOn, withdrawn, stopped, refusal } = runState();
    if (withdrawn) return undefined;
    if (!chatId || !own)
      throw new VisibleError("This chat does not exist any more, so nothing was answered.");
    const { id: runId, version } = ctx.run;
    const said = () => chat.history.all() as LongrunUIMessage[];
    const scope = { userId: own.userId, chatId, runId, said };
    if (stopped) return await endStopped(scope, signal);
    const startedAt = performance.now();
    const facts = { runId, version, attempt: ctx.attempt.number, recovered: recovering };
    if (refusal !== null) return failedAnswer(refusal, toldOfRun(facts));
    const ahead = new OwnHeadStart({ userId: own.userId, chatId, clientData, startedAt });
    let reading: Reading<ResolvedModel>;
    try {
      reading = withFiles(await resolveModel(own.model, ahead.ask), own.userId);
    } catch (error) {
      const sentence = error instanceof Error ? error.message : "No model can be used.";
      return failedAnswer(sentence, toldOfRun(facts));
    }
    const model = metered(reading.model, { userId: own.userId, chatId, kind: "answer" });
    ahead.model = model.id;
    const calls = await takeBegunCalls(chatId);
    const tools = runOnce(chatTools(scope), calls, (id) => callIsKept(chatId, id));
    // An answer that goes on has its calls already.
    const begun = goesOn ? [] : calls.filter(({ toolName }) => actsOrIsGone(tools, toolName));
    const history = said();
    const call = { chatId, userId: own.userId, model: own.model };
    const [{ messages: told, summary }, minded, documents] = await Promise.all([
      fitContext(call, model, { messages, history }, signal),
      own.secondLook ? toMind(chatId, history) : null,
      documentsNote(chatId),
    ]);
    const watch = watchModel();
    const result = streamText({
      ...answerCall(own, model, {
        messages: [...told, ...(await toldToModel(begun))],
        tools,
        further: { minded, lost: goesOn ? [] : subtaskCalls(calls), documents },
      }),
      maxRetries: MODEL_RETRIES,
      onStepFinish: takeSteering,
      abortSignal: AbortSignal.any([signal, watch.signal]),
      experimental_telemetry: { isEnabled: true, recordInputs: false, recordOutputs: false },
      // The sentence alone: the error itself holds the request, and with it the conversation.
      onError: ({ error }) => logger.warn("the model failed", { sentence: explainModelError(error, model) }),
    });
    return toAnswer(
      result,
      {
        ...facts,
        model,
        ahead,
        summary,
        minded,
        stop: signal,
        goesOn,
        unread: reading.unread,
        begun,
        usedBySubtasks: () => usedBySubtasks(chatId),
      },
      watch,
    );
  },
});
