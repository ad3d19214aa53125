import { logger } from "@trigger.dev/sdk";
import { env } from "#app/env.server.ts";
import { addPages, pagesOf, writePage } from "#app/models/subtask-page.server.ts";
import type { DeepResearchOutput } from "#app/shared/subtasks.ts";
import { pageAddress } from "#trigger/research/links.ts";
import { makePlan } from "#trigger/research/plan.ts";
import {
  researchInput,
  researchProgress,
  type ResearchInput,
  type ResearchProgress,
} from "#trigger/research/progress.ts";
import { readPage } from "#trigger/research/read-page.ts";
import { writeReport } from "#trigger/research/report.ts";
import { search } from "#trigger/research/search.ts";
import { researchView } from "#trigger/research/view.ts";
import { retry } from "#trigger/retry.ts";
import { subtaskTask, wanted, type Work } from "#trigger/subtasks/run-subtask.ts";

/** Pages that are read at a time: a slow one holds up nobody. */
const AT_ONCE = 3;
/** Text of all pages together, characters. */
const MAX_TEXT = 1_000_000;
/** Pages that are known, for each that may be read. */
const KNOWN_FOR_READ = 3;

/** The durable run of one deep research. Each step is kept: a run that takes over does none of them again. */
export const longrunResearch = subtaskTask("longrun-research", research);

async function research(work: Work): Promise<DeepResearchOutput> {
  const input = researchInput.parse(work.input);
  let progress = researchProgress.safeParse(work.progress).data ?? (await begin(work, input));
  if (progress.phase === "reading") progress = await readAll(work, input, progress);
  const pages = await retry(() => pagesOf(work.ref.id));
  const written = await writeReport(work, input, pages);
  return { ...researchView(progress, pages), ...written, phase: "done" };
}

/** Plans, and gathers the pages to begin with. */
async function begin(work: Work, input: ResearchInput): Promise<ResearchProgress> {
  const { RESEARCH_MAX_PAGES } = env();
  const plan = await makePlan(work, input);
  const given = input.urls.flatMap((url) => pageAddress(url) ?? []);
  const found: { url: string; title: string | null }[] = given.map((url) => ({ url, title: null }));
  for (const query of plan.searches) {
    const hits = await search(query, work.signal).catch((error: unknown) => {
      work.signal.throwIfAborted();
      logger.warn("a search failed", { error: error instanceof Error ? error.message : "" });
      return [];
    });
    found.push(...hits.flatMap(({ url, title }) => ({ url: pageAddress(url) ?? "", title })));
  }
  const pages = found.filter(({ url }) => url !== "").map((page) => ({ ...page, depth: 0 }));
  await wanted(retry(() => addPages(work.ref, pages, RESEARCH_MAX_PAGES * KNOWN_FOR_READ)));
  const { questions, tokens } = plan;
  const progress: ResearchProgress = { phase: "reading", questions, tokens, limit: null };
  await work.keep(progress);
  return progress;
}

/** Reads until no page is left or a limit is reached. */
async function readAll(work: Work, input: ResearchInput, begun: ResearchProgress): Promise<ResearchProgress> {
  const most = env().RESEARCH_MAX_PAGES * KNOWN_FOR_READ;
  let progress = begun;
  const open = new Map<string, Promise<void>>();
  const failures: unknown[] = [];
  const read = async (page: Parameters<typeof readPage>[2]): Promise<void> => {
    try {
      const tokens = await readPage(work, { ...input, questions: progress.questions, most }, page);
      progress = { ...progress, tokens: progress.tokens + tokens };
    } catch (error) {
      failures.push(error);
    } finally {
      open.delete(page.url);
    }
  };
  for (;;) {
    const pages = await retry(() => pagesOf(work.ref.id));
    if (failures.length > 0) {
      await Promise.all(open.values());
      throw failures[0];
    }
    const limit = limitReached(work, progress, pages);
    const begunPages = pages.filter(({ state }) => state === "reading" || state === "fetched");
    const queued = limit === null ? pages.filter(({ state }) => state === "queued") : [];
    // What a lost run had begun comes first.
    const next = [...begunPages, ...queued].find(({ url }) => !open.has(url));
    if (next && open.size < AT_ONCE) open.set(next.url, read(next));
    else if (open.size > 0) {
      await Promise.race(open.values());
      await work.keep(progress);
    } else return finish(work, { ...progress, limit }, pages);
  }
}

type Pages = Awaited<ReturnType<typeof pagesOf>>;

function limitReached({ startedAt }: Work, { tokens }: ResearchProgress, pages: Pages): string | null {
  const { RESEARCH_MAX_PAGES, RESEARCH_MAX_MINUTES, RESEARCH_MAX_TOKENS } = env();
  const waiting = pages.some(({ state }) => state === "queued");
  if (!waiting) return null;
  const taken = pages.filter(({ state }) => state !== "queued" && state !== "failed").length;
  const tried = pages.filter(({ state }) => state !== "queued").length;
  if (taken >= RESEARCH_MAX_PAGES || tried >= 2 * RESEARCH_MAX_PAGES)
    return `It read as many pages as one research may (${RESEARCH_MAX_PAGES}).`;
  if (Date.now() - startedAt.getTime() > RESEARCH_MAX_MINUTES * 60_000)
    return `Its time for reading was over (${RESEARCH_MAX_MINUTES} minutes).`;
  if (tokens > RESEARCH_MAX_TOKENS)
    return `It used as many tokens as one research may (${RESEARCH_MAX_TOKENS}).`;
  if (pages.reduce((sum, { chars }) => sum + chars, 0) > MAX_TEXT)
    return "It read as much text as one research may.";
  return null;
}

/** Nothing more is read: what is left is left out, and the report begins. */
async function finish(work: Work, progress: ResearchProgress, pages: Pages): Promise<ResearchProgress> {
  for (const { url } of pages.filter(({ state }) => state === "queued"))
    await wanted(retry(() => writePage(work.ref, url, { state: "leftOut" })));
  const writing: ResearchProgress = { ...progress, phase: "writing" };
  await work.keep(writing);
  return writing;
}
