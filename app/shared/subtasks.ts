import { z } from "zod";

/** Tools whose call is a task of its own: what they take, and what their cards show while they work and after. */

export const MAX_START_URLS = 20;

export const deepResearchInput = z.object({
  question: z
    .string()
    .min(1)
    .max(2000)
    .describe("What is to be found out, complete in itself: whoever researches knows nothing else."),
  urls: z
    .array(z.string().min(1).max(2000))
    .max(MAX_START_URLS)
    .optional()
    .describe("Whole addresses to begin with, beginning with https:// or http://. Never invent one."),
});

const pageState = z.enum(["queued", "reading", "fetched", "read", "failed", "leftOut"]);
export type PageState = z.infer<typeof pageState>;

export const deepResearchOutput = z.object({
  /** `waiting`: no process has begun it yet. */
  phase: z.enum(["waiting", "planning", "reading", "writing", "done"]),
  questions: z.array(z.string()),
  pages: z.array(
    z.object({
      url: z.string(),
      title: z.string().nullable(),
      state: pageState,
      /** What the page says to the question. */
      notes: z.string().nullable(),
      /** Why it was not read. */
      reason: z.string().nullable(),
    }),
  ),
  /** Markdown; its links lead to sources alone. */
  report: z.string().nullable(),
  /** The pages that were read, by the number that the report cites. */
  sources: z.array(z.object({ number: z.number().int(), url: z.string(), title: z.string() })),
  /** Which limit ended the reading early, in a sentence. */
  limit: z.string().nullable(),
});
export type DeepResearchOutput = z.infer<typeof deepResearchOutput>;

export const DELEGATE_TOOLS = [
  "currentTime",
  "searchChats",
  "calculate",
  "runJavaScript",
  "fetchPage",
] as const;

export const delegateInput = z.object({
  task: z
    .string()
    .min(1)
    .max(20_000)
    .describe(
      "The whole job, with all that is needed to do it: the other agent does not see this conversation.",
    ),
  instructions: z
    .string()
    .max(4000)
    .optional()
    .describe("Who the other agent is to be, and how it is to work."),
  tools: z
    .array(z.enum(DELEGATE_TOOLS))
    .max(DELEGATE_TOOLS.length)
    .optional()
    .describe("The tools that it may use. It reads only pages whose address the person has written."),
});

export const delegateOutput = z.object({
  phase: z.enum(["waiting", "working", "done"]),
  /** What it did, in order. */
  steps: z.array(
    z.union([
      z.object({ text: z.string() }),
      z.object({ tool: z.string(), input: z.string(), state: z.enum(["running", "done", "failed"]) }),
    ]),
  ),
});
export type DelegateOutput = z.infer<typeof delegateOutput>;

type Call<I extends z.ZodType, O extends z.ZodType> = { input: z.infer<I>; output: z.infer<O> };

export type SubtaskTools = {
  deepResearch: Call<typeof deepResearchInput, typeof deepResearchOutput>;
  delegate: Call<typeof delegateInput, typeof delegateOutput>;
};

/** The words of a sub-agent's last step: its answer. */
export function delegateAnswer({ steps }: DelegateOutput): string {
  const last = steps.findLastIndex((step) => "tool" in step);
  return steps
    .slice(last + 1)
    .flatMap((step) => ("text" in step ? [step.text] : []))
    .join("\n\n")
    .trim();
}
