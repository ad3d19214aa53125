import { z } from "zod";
import { env } from "#app/env.server.ts";
import type { ResearchInput } from "#trigger/research/progress.ts";
import { ask, jsonIn } from "#trigger/research/research-model.ts";
import type { Work } from "#trigger/subtasks/run-subtask.ts";

const plan = z.object({
  questions: z.array(z.string().min(1).max(500)).min(1),
  searches: z.array(z.string().min(1).max(300)).catch([]),
});

const MAX_QUESTIONS = 6;
const MAX_SEARCHES = 5;

const INSTRUCTION =
  'Split the question into the questions that have to be answered first, and write searches for a web search engine. Answer with JSON alone: {"questions": ["…"], "searches": ["…"]}';

type Plan = { questions: string[]; searches: string[]; tokens: number };

/** What to look for. A model that can not say leaves the question as it was asked. */
export async function makePlan(work: Work, { question }: ResearchInput): Promise<Plan> {
  const searching = env().SEARCH_BASE_URL !== undefined;
  if (work.model.provider === "demo")
    return { questions: [question], searches: searching ? [question.slice(0, 300)] : [], tokens: 0 };
  const { text, tokens } = await ask(work, INSTRUCTION, question);
  const found = jsonIn(text, plan);
  return {
    questions: found?.questions.slice(0, MAX_QUESTIONS) ?? [question],
    searches: searching ? (found?.searches.slice(0, MAX_SEARCHES) ?? [question.slice(0, 300)]) : [],
    tokens,
  };
}
