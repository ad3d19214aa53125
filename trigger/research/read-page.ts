import { z } from "zod";
import { textOfPage, writePage, addPages, type PageRow } from "#app/models/subtask-page.server.ts";
import { linksIn } from "#trigger/research/links.ts";
import type { ResearchInput } from "#trigger/research/progress.ts";
import { ask, jsonIn } from "#trigger/research/research-model.ts";
import { retry } from "#trigger/retry.ts";
import { wanted, type Work } from "#trigger/subtasks/run-subtask.ts";
import { fetchPage } from "#trigger/tools/fetch/fetch-page.ts";

type Page = Omit<PageRow, "text">;

/** What a model gets to read of one page, characters. */
const MAX_TEXT = 24_000;
const MAX_NOTES = 2_000;
const MAX_FOLLOWED = 6;
const MAX_DEPTH = 3;
/** Of a page, without a model that could say more. */
const DEMO_NOTES = 300;

const INSTRUCTION = [
  "Read the page and note, in at most 150 words, what it says to the questions: facts, figures, dates. Write an empty string where it says nothing.",
  'Choose from its links those that lead to what is still missing, by their numbers. Answer with JSON alone: {"notes": "…", "follow": [2]}',
].join(" ");

const notes = z.object({
  notes: z.string(),
  follow: z.array(z.number().int()).catch([]),
});

/**
 * Reads one page: fetches it, unless a run before had fetched it, and takes notes. Answers the tokens that this took.
 * A page that can not be read is marked so, with the reason.
 */
export async function readPage(
  work: Work,
  research: ResearchInput & { questions: string[]; most: number },
  page: Page,
): Promise<number> {
  const text = page.state === "fetched" ? await textOfPage(work.ref.id, page.url) : await fetched(work, page);
  if (text === null) return 0;
  const links = linksIn(text, page.url);
  const read = await takeNotes(work, research, { ...page, text, links });
  const follow = read.follow.flatMap((number) => links[number - 1] ?? []).slice(0, MAX_FOLLOWED);
  if (page.depth < MAX_DEPTH && follow.length > 0) {
    const found = follow.map(({ url, label }) => ({ url, title: label || null, depth: page.depth + 1 }));
    await wanted(retry(() => addPages(work.ref, found, research.most)));
  }
  const change = { state: "read", notes: read.notes.slice(0, MAX_NOTES), text: null } as const;
  await wanted(retry(() => writePage(work.ref, page.url, change)));
  return read.tokens;
}

/** The page's text, kept before it is read; null when it could not be had. */
async function fetched({ ref, signal }: Work, page: Page): Promise<string | null> {
  await wanted(retry(() => writePage(ref, page.url, { state: "reading" })));
  try {
    const got = await fetchPage(page.url, { signal });
    const text = got.text.slice(0, MAX_TEXT);
    const title = got.title ?? page.title;
    const change = { state: "fetched", foundUrl: got.url, title, text, chars: text.length } as const;
    await wanted(retry(() => writePage(ref, page.url, change)));
    return text;
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : "It could not be read.";
    await wanted(retry(() => writePage(ref, page.url, { state: "failed", reason })));
    return null;
  }
}

type Text = Page & { text: string; links: { url: string; label: string }[] };

async function takeNotes(
  work: Work,
  { question, questions }: ResearchInput & { questions: string[] },
  { url, title, text, links }: Text,
): Promise<{ notes: string; follow: number[]; tokens: number }> {
  if (work.model.provider === "demo") {
    return { notes: text.slice(0, DEMO_NOTES), follow: links.map((_, index) => index + 1), tokens: 0 };
  }
  const prompt = [
    `Question: ${question}`,
    `Questions to answer first:\n${questions.map((one) => `- ${one}`).join("\n")}`,
    // A page can not end the frame that it stands in.
    `<page address="${url}">\n${title ?? ""}\n\n${text.replace(/<\/?page/gi, "")}\n</page>`,
    `Links:\n${links.map((link, index) => `${index + 1}. ${link.label} ${link.url}`).join("\n")}`,
  ].join("\n\n");
  const { text: written, tokens } = await ask(work, INSTRUCTION, prompt);
  const found = jsonIn(written, notes);
  return { notes: found?.notes ?? written, follow: found?.follow ?? [], tokens };
}
