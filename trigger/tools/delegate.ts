import { tool } from "ai";
import type { SubtaskRow } from "#app/models/subtask.server.ts";
import { delegateAnswer, delegateInput, delegateOutput, type DelegateOutput } from "#app/shared/subtasks.ts";
import { delegateProgress } from "#trigger/delegate/progress.ts";
import { callSubtask } from "#trigger/subtasks/call-subtask.ts";
import { addressesOfPerson, type Said } from "#trigger/tools/fetch/written-by-person.ts";

// Of an endless conversation the last ones.
const MAX_ADDRESSES = 100;

function view(row: SubtaskRow): Promise<DelegateOutput> {
  const done = delegateOutput.safeParse(row.output);
  if (row.state === "done" && done.success) return Promise.resolve(done.data);
  const steps = delegateProgress.safeParse(row.progress).data?.steps ?? [];
  return Promise.resolve({ phase: row.begun ? "working" : "waiting", steps });
}

/** What the runtime needs of the tool to read it back from the history. */
export const delegateShape = {
  inputSchema: delegateInput,
  outputSchema: delegateOutput,
  toModelOutput: ({ output }: { output: unknown }) => {
    const found = delegateOutput.safeParse(output);
    const value = found.success ? delegateAnswer(found.data) || "It was ended before it answered." : "";
    return { type: "text", value } as const;
  },
};

/** A smaller agent with a job of its own. Where it may not ask the person, it may not do what would need asking. */
export function delegate(scope: { userId: string; chatId: string; runId: string; said: () => Said }) {
  return {
    // A call that is made again after a crash finds its job, and goes on with it.
    sideEffect: false,
    ...tool({
      ...delegateShape,
      description:
        "Give a job that stands alone to another agent, which works on it with the tools that you give it, and get " +
        "its result. Several calls at once work side by side.",
      execute: async function* ({ task, instructions, tools }, options) {
        const addresses = addressesOfPerson(scope.said()).slice(-MAX_ADDRESSES);
        const input = { task, instructions: instructions ?? null, tools: tools ?? [], addresses };
        yield* callSubtask(scope, { tool: "delegate", task: "longrun-delegate", input }, options, view);
      },
    }),
  };
}
