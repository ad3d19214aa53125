import { tool } from "ai";
import { env } from "#app/env.server.ts";
import { pagesOf } from "#app/models/subtask-page.server.ts";
import type { SubtaskRow } from "#app/models/subtask.server.ts";
import {
  deepResearchInput,
  deepResearchOutput,
  MAX_START_URLS,
  type DeepResearchOutput,
} from "#app/shared/subtasks.ts";
import { VisibleError } from "#trigger/model-error.ts";
import { researchProgress, type ResearchInput } from "#trigger/research/progress.ts";
import { researchView } from "#trigger/research/view.ts";
import { retry } from "#trigger/retry.ts";
import { callSubtask } from "#trigger/subtasks/call-subtask.ts";
import { addressesOfPerson, isWrittenByPerson, type Said } from "#trigger/tools/fetch/written-by-person.ts";

async function view(row: SubtaskRow): Promise<DeepResearchOutput> {
  const done = deepResearchOutput.safeParse(row.output);
  if (row.state === "done" && done.success) return done.data;
  const pages = await retry(() => pagesOf(row.id));
  return researchView(researchProgress.safeParse(row.progress).data ?? null, pages, row.begun);
}

/** What the model reads of a research: the report and its sources. One that was stopped has none, and is not read. */
function toldOfResearch(output: unknown): string {
  const found = deepResearchOutput.safeParse(output);
  if (!found.success) return JSON.stringify(output);
  const { report, sources, pages, limit } = found.data;
  const list = sources.map(({ number, url, title }) => `[${number}] ${title} ${url}`);
  const failed = pages.filter(({ state }) => state === "failed").length;
  return [
    report ?? "",
    `Sources that were read:\n${list.join("\n")}`,
    ...(failed > 0 ? [`${failed} pages could not be read.`] : []),
    ...(limit === null ? [] : [limit]),
    "The person sees this report. Cite only these sources.",
  ].join("\n\n");
}

/** What the runtime needs of the tool to read it back from the history. */
export const deepResearchShape = {
  inputSchema: deepResearchInput,
  outputSchema: deepResearchOutput,
  toModelOutput: ({ output }: { output: unknown }) =>
    ({ type: "text", value: toldOfResearch(output) }) as const,
};

/** Asks first, unless the person wrote the addresses to begin with; see docs/decisions/0006-asking-first.md. */
export function deepResearch(scope: { userId: string; chatId: string; runId: string; said: () => Said }) {
  const searching = env().SEARCH_BASE_URL !== undefined;
  return {
    // A call that is made again after a crash finds its research, and goes on with it.
    sideEffect: false,
    ...tool({
      ...deepResearchShape,
      description:
        "Find something out over many pages of the web: it plans, reads pages, follows their links and writes a report " +
        "with sources. It takes minutes. " +
        (searching
          ? "It searches the web by itself."
          : "There is no search engine: it begins with `urls`, or with the addresses that the person has written."),
      needsApproval: ({ urls = [] }) => !urls.every((url) => isWrittenByPerson(url, scope.said())),
      execute: async function* ({ question, urls }, options) {
        const given = urls ?? addressesOfPerson(scope.said()).slice(0, MAX_START_URLS);
        if (given.length === 0 && !searching) {
          throw new VisibleError(
            "There is no page to begin with: ask the person for addresses. With SEARCH_BASE_URL set, it would search.",
          );
        }
        const input: ResearchInput = { question, urls: given };
        const wanted = { tool: "deepResearch", task: "longrun-research", input } as const;
        yield* callSubtask(scope, wanted, options, view);
      },
    }),
  };
}
