import type { PageRow } from "#app/models/subtask-page.server.ts";
import type { DeepResearchOutput } from "#app/shared/subtasks.ts";
import type { ResearchProgress } from "#trigger/research/progress.ts";

/** Enough for a card; the report is made from the whole notes. */
const SHOWN_NOTES = 400;
const SHOWN_URL = 500;

const cut = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 1)}…`;

/** A research as its card shows it. `progress` is null until its run has planned. */
export function researchView(
  progress: ResearchProgress | null,
  pages: readonly Omit<PageRow, "text">[],
  begun = true,
): DeepResearchOutput {
  return {
    phase: progress?.phase ?? (begun ? "planning" : "waiting"),
    questions: progress?.questions ?? [],
    pages: pages.map(({ url, title, state, notes, reason }) => ({
      url: cut(url, SHOWN_URL),
      title,
      state,
      notes: notes === null ? null : cut(notes, SHOWN_NOTES),
      reason,
    })),
    report: null,
    sources: [],
    limit: progress?.limit ?? null,
  };
}
