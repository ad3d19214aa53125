import { tool, type ToolSet } from "ai";
import { fetchPageInput, fetchPageOutput } from "#app/shared/chat-tools.ts";
import type { DELEGATE_TOOLS } from "#app/shared/subtasks.ts";
import { VisibleError } from "#trigger/model-error.ts";
import { calculate } from "#trigger/tools/calculate.ts";
import { currentTime } from "#trigger/tools/current-time.ts";
import { fetchPage } from "#trigger/tools/fetch/fetch-page.ts";
import { isAmong } from "#trigger/tools/fetch/written-by-person.ts";
import { runJavaScript } from "#trigger/tools/run-javascript.ts";
import { searchChats } from "#trigger/tools/search-chats.ts";

type Name = (typeof DELEGATE_TOOLS)[number];
type Job = { tools: Name[]; addresses: string[] };

/** The tools that a sub-agent was given. None of them changes anything: a step may be done again after a crash. */
export function subAgentTools(job: Job, scope: { userId: string; chatId: string }): ToolSet {
  const all: Record<Name, ToolSet[string]> = {
    currentTime,
    calculate,
    runJavaScript,
    searchChats: searchChats(scope),
    fetchPage: readGivenPage(job.addresses),
  };
  return Object.fromEntries(job.tools.map((name) => [name, all[name]]));
}

/** Nobody can be asked here, so nothing is read but what the person has named. */
function readGivenPage(addresses: readonly string[]) {
  return tool({
    description: "Read a page of the web as text. Only addresses that the person has written can be read.",
    inputSchema: fetchPageInput,
    outputSchema: fetchPageOutput,
    execute: async ({ url }, { abortSignal }) => {
      if (!isAmong(url, addresses))
        throw new VisibleError("This address was not written by the person, so it is not read.");
      return fetchPage(url, abortSignal ? { signal: abortSignal } : {});
    },
  });
}
