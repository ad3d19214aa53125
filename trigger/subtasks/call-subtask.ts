import type { ToolExecutionOptions } from "ai";
import { openSubtask, type SubtaskRow, type SubtaskTool } from "#app/models/subtask.server.ts";
import { VisibleError } from "#trigger/model-error.ts";
import { retry } from "#trigger/retry.ts";
import { runState } from "#trigger/run-state.ts";
import { followSubtask } from "#trigger/subtasks/follow-subtask.ts";

type Scope = { userId: string; chatId: string; runId: string };
type Wanted = { tool: SubtaskTool; task: string; input: object };

/** Gives a call of a tool to a task of its own and shows each state of that as `view` makes it; the last is the result. */
export async function* callSubtask<View>(
  { userId, chatId, runId }: Scope,
  { tool, task, input }: Wanted,
  { toolCallId, abortSignal }: Pick<ToolExecutionOptions, "toolCallId" | "abortSignal">,
  view: (row: SubtaskRow) => Promise<View>,
): AsyncGenerator<View> {
  const { askedId, chat } = runState();
  const wanted = { chatId, toolCallId, askedId: askedId ?? "", callerRunId: runId, tool, input };
  const row = await retry(() => openSubtask({ ...wanted, model: chat?.model ?? null }));
  if (row === "tooMany")
    throw new VisibleError("This answer has asked for too much of that already. Go on with what is known.");
  if (!row) throw new VisibleError("This chat does not exist any more.");
  for await (const state of followSubtask(row, { task, chatId, userId }, abortSignal)) yield view(state);
}
