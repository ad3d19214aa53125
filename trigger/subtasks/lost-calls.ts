import type { OpenCall } from "#trigger/open-calls.ts";

const SUBTASK_TOOLS = new Set(["deepResearch", "delegate"]);

/** Of the calls that a lost run had made those whose work is a task of its own, and did not end with that run. */
export const subtaskCalls = (calls: readonly OpenCall[]): OpenCall[] =>
  calls.filter(({ toolName }) => SUBTASK_TOOLS.has(toolName));
