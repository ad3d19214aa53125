import type { OpenCall } from "#trigger/open-calls.ts";

/** Tools whose work is a task of its own. */
export const SUBTASK_TOOLS: ReadonlySet<string> = new Set(["deepResearch", "delegate"]);

/** Of the calls that a lost run had made those whose work is a task of its own, and did not end with that run. */
export const subtaskCalls = (calls: readonly OpenCall[]): OpenCall[] =>
  calls.filter(({ toolName }) => SUBTASK_TOOLS.has(toolName));
