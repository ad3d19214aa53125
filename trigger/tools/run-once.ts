import type { ToolExecutionOptions, ToolSet } from "ai";
import { VisibleError } from "#trigger/model-error.ts";
import { INTERRUPTED, repeatedOf, type OpenCall } from "#trigger/open-calls.ts";

/**
 * Every tool says whether a call of it changes anything outside of the answer. One that only reads or reckons is
 * `sideEffect: false`: after a crash it may simply be called again. One that acts is `sideEffect: true`.
 */
export type MarkedTools = Record<string, ToolSet[string] & { sideEffect: boolean }>;

/**
 * The tools of one turn. One that only reads is not called again by the very call whose result is known, such as an
 * approved one whose run died in the answer that followed. Before one that acts is run, its call is kept: whoever goes
 * on after a crash finds it. A call that a lost run had begun is not run again when the model repeats it: what came of
 * it is told again, or that nobody knows.
 */
export function runOnce<Tools extends MarkedTools>(
  tools: Tools,
  begun: OpenCall[],
  kept: (toolCallId: string) => Promise<void>,
): Tools {
  const guarded = Object.entries(tools).map(([name, tool]) => {
    const { execute } = tool;
    if (!execute) return [name, tool] as const;
    const read = (input: never, options: ToolExecutionOptions): unknown => {
      const done = begun.find(({ toolCallId }) => toolCallId === options.toolCallId)?.outcome;
      return done && "output" in done ? done.output : (execute(input, options) as unknown);
    };
    if (!tool.sideEffect) return [name, { ...tool, execute: read }] as const;
    const once = async (input: never, options: ToolExecutionOptions): Promise<unknown> => {
      const before = repeatedOf(begun, { toolCallId: options.toolCallId, toolName: name, input });
      if (before?.outcome && "output" in before.outcome) return before.outcome.output;
      if (before) throw new VisibleError(INTERRUPTED);
      await kept(options.toolCallId);
      return execute(input, options) as unknown;
    };
    return [name, { ...tool, execute: once }] as const;
  });
  return Object.fromEntries(guarded) as Tools;
}

/** Whether a call of this tool may have changed something. Of a tool that is not there any more nobody knows. */
export const actsOrIsGone = (tools: MarkedTools, toolName: string): boolean =>
  tools[toolName]?.sideEffect ?? true;
