import { z } from "zod";
import type { DocumentTools } from "#app/shared/document-tools.ts";
import type { SubtaskTools } from "#app/shared/subtasks.ts";

/** What the tools take and give. The executes are in `trigger/tools/`; the page renders from these alone. */
export const currentTimeInput = z.object({
  timeZone: z
    .string()
    .max(64)
    .optional()
    .describe("IANA name of a time zone such as Europe/Paris. Leave it out for UTC."),
});

export const currentTimeOutput = z.object({
  iso: z.string(),
  timeZone: z.string(),
  local: z.string(),
});

export const searchChatsInput = z.object({
  query: z
    .string()
    .min(1)
    .max(200)
    .describe("Words that must all occur in a message; fewer words find more."),
});

export const searchChatsOutput = z.object({
  hits: z.array(
    z.object({
      chatId: z.string(),
      title: z.string().nullable(),
      messageId: z.string(),
      role: z.enum(["user", "assistant"]),
      excerpt: z.string(),
      createdAt: z.string(),
    }),
  ),
});

export const calculateInput = z.object({
  expression: z
    .string()
    .min(1)
    .max(500)
    .describe(
      "One expression, such as (17.5% * 80 + 3^2) / sqrt(2). Knows + - * / ^ % ! ( ), pi, e, sqrt, cbrt, abs, round, " +
        "floor, ceil, min, max, sum, mean, mod, exp, ln, log10, log2, sin, cos, tan, asin, acos, atan (radians).",
    ),
});

export const calculateOutput = z.object({ result: z.string() });

export const fetchPageInput = z.object({
  url: z.string().min(1).max(2000).describe("The whole address, beginning with https:// or http://."),
});

export const fetchPageOutput = z.object({
  /** Where the page was found in the end, after redirects. */
  url: z.string(),
  title: z.string().nullable(),
  contentType: z.string(),
  /** Markdown of an HTML page, otherwise the text as it is. */
  text: z.string(),
  /** More was there than was taken. */
  truncated: z.boolean(),
});

export const runJavaScriptInput = z.object({
  code: z
    .string()
    .min(1)
    .max(50_000)
    .describe(
      "A script. Its last expression is the result; console.log writes output. There is no network, no file, no " +
        "timer, no import.",
    ),
});

export const runJavaScriptOutput = z.object({
  /** What the script wrote, a line a call. */
  console: z.string(),
  /** Its last value as readable text; null when the script failed. */
  result: z.string().nullable(),
  /** Why it failed; null when it did not. */
  error: z.string().nullable(),
});

export const askUserInput = z.object({
  question: z.string().min(1).max(1000),
  choices: z.array(z.string().min(1).max(200)).min(2).max(8).describe("Short answers to choose from."),
  allowOther: z.boolean().optional().describe("The person may also write an answer of their own."),
});

const MAX_OTHER_ANSWER = 4000;

export const askUserOutput = z.object({
  /** Null when the person wrote on without answering. */
  answer: z.string().max(MAX_OTHER_ANSWER).nullable(),
});

type Call<I extends z.ZodType, O extends z.ZodType> = { input: z.infer<I>; output: z.infer<O> };

export type ChatTools = DocumentTools &
  SubtaskTools & {
    currentTime: Call<typeof currentTimeInput, typeof currentTimeOutput>;
    searchChats: Call<typeof searchChatsInput, typeof searchChatsOutput>;
    calculate: Call<typeof calculateInput, typeof calculateOutput>;
    fetchPage: Call<typeof fetchPageInput, typeof fetchPageOutput>;
    runJavaScript: Call<typeof runJavaScriptInput, typeof runJavaScriptOutput>;
    askUser: Call<typeof askUserInput, typeof askUserOutput>;
  };
