import { z } from "zod";

/** Where a research stands, besides its pages: what the next run needs to go on. */
export const researchProgress = z.object({
  phase: z.enum(["planning", "reading", "writing"]),
  questions: z.array(z.string()),
  tokens: z.number(),
  limit: z.string().nullable(),
});
export type ResearchProgress = z.infer<typeof researchProgress>;

/** What its caller gave. */
export const researchInput = z.object({ question: z.string(), urls: z.array(z.string()) });
export type ResearchInput = z.infer<typeof researchInput>;
