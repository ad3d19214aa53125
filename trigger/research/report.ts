import type { PageRow } from "#app/models/subtask-page.server.ts";
import { withCitations, type Source } from "#trigger/research/citations.ts";
import type { ResearchInput } from "#trigger/research/progress.ts";
import { ask } from "#trigger/research/research-model.ts";
import type { Work } from "#trigger/subtasks/run-subtask.ts";

const INSTRUCTION = [
  "Answer the question from the notes alone, in the language of the question, as Markdown. Say what the sources agree on, where they differ, and what stays open.",
  "After each statement cite its source by number in brackets, such as [1]. Write no address and no list of sources.",
].join(" ");

const NOTHING = "None of the pages could be read, so there is nothing to report.";

type Page = Omit<PageRow, "text">;
type Report = { report: string; sources: Source[] };

/** The pages that were read, numbered. */
function sourcesOf(pages: readonly Page[]): (Source & { notes: string })[] {
  return pages
    .filter(({ state }) => state === "read")
    .map(({ url, foundUrl, title, notes }, index) => {
      const found = foundUrl ?? url;
      return { number: index + 1, url: found, title: title || found, notes: notes ?? "" };
    });
}

/** What was found out, its links leading to pages that were read. */
export async function writeReport(
  work: Work,
  { question }: ResearchInput,
  pages: readonly Page[],
): Promise<Report> {
  const read = sourcesOf(pages);
  const sources = read.map(({ number, url, title }) => ({ number, url, title }));
  if (read.length === 0) return { report: NOTHING, sources };
  if (work.model.provider === "demo") {
    const report = read.map(({ number, notes }) => `${notes.replace(/\s+/g, " ").trim()} [${number}]`);
    return { report: withCitations(report.join("\n\n"), sources), sources };
  }
  const material = read.map(
    ({ number, title, notes }) =>
      `<page number="${number}">\n${title}\n${notes.replace(/<\/?page/gi, "")}\n</page>`,
  );
  const { text } = await ask(work, INSTRUCTION, `Question: ${question}\n\n${material.join("\n\n")}`);
  return { report: withCitations(text, sources), sources };
}
