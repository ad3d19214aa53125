import { tool } from "ai";
import { askUser } from "#trigger/tools/ask-user.ts";
import { calculate } from "#trigger/tools/calculate.ts";
import { currentTime } from "#trigger/tools/current-time.ts";
import { deepResearch, deepResearchShape } from "#trigger/tools/deep-research.ts";
import { delegate, delegateShape } from "#trigger/tools/delegate.ts";
import { editDocument } from "#trigger/tools/edit-document.ts";
import { fetchPageTool } from "#trigger/tools/fetch-page.ts";
import { readDocument } from "#trigger/tools/read-document.ts";
import { runJavaScript } from "#trigger/tools/run-javascript.ts";
import type { Said } from "#trigger/tools/fetch/written-by-person.ts";
import type { MarkedTools } from "#trigger/tools/run-once.ts";
import { searchChats } from "#trigger/tools/search-chats.ts";
import { writeDocument } from "#trigger/tools/write-document.ts";

/** Of one chat's run. `said`: the chat's messages by now, those that steered the running answer too. */
export type ToolScope = { userId: string; chatId: string; runId: string; said: () => Said };

/**
 * The tools of one chat's run, bound to its owner. Each declares `sideEffect`: whether a call changes anything outside
 * of the answer. `false` only for what may be called again after a crash without anybody minding.
 */
export function chatTools(scope: ToolScope) {
  return {
    currentTime,
    searchChats: searchChats(scope),
    calculate,
    runJavaScript,
    fetchPage: fetchPageTool(scope),
    askUser,
    deepResearch: deepResearch(scope),
    delegate: delegate(scope),
    writeDocument: writeDocument(scope),
    editDocument: editDocument(scope),
    readDocument: readDocument(scope),
  } satisfies MarkedTools;
}

/** Tools whose results the model reads in other words than the page, also when they come from the history. */
export const retoldTools = { deepResearch: tool(deepResearchShape), delegate: tool(delegateShape) };
