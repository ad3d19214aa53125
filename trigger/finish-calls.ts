import { chatOfRun } from "#app/models/chat.server.ts";
import type { OpenCall } from "#trigger/open-calls.ts";
import { retry } from "#trigger/retry.ts";
import { takeOpenCalls } from "#trigger/run-state.ts";
import { editDocument } from "#trigger/tools/edit-document.ts";
import { writeDocument } from "#trigger/tools/write-document.ts";

type Finish = (input: unknown, toolCallId: string) => Promise<unknown>;

async function finished(call: OpenCall, finish: Finish | undefined): Promise<OpenCall> {
  if (call.outcome || !finish) return call;
  try {
    return { ...call, outcome: { output: await finish(call.input, call.toolCallId) } };
  } catch (error) {
    return { ...call, outcome: { errorText: error instanceof Error ? error.message : "It failed." } };
  }
}

/**
 * The tool calls that a lost run had begun, once. Those that are known by their ids are brought to their end: that
 * does nothing where the lost run had got so far.
 */
export async function takeBegunCalls(chatId: string): Promise<OpenCall[]> {
  const open = takeOpenCalls();
  if (open.length === 0) return open;
  const own = await retry(() => chatOfRun(chatId));
  if (!own) return open;
  const scope = { userId: own.userId, chatId };
  const finish: Record<string, Finish> = {
    writeDocument: writeDocument(scope).finish,
    editDocument: editDocument(scope).finish,
  };
  const calls: OpenCall[] = [];
  for (const call of open) calls.push(await finished(call, finish[call.toolName]));
  return calls;
}
