import { z } from "zod";

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

export type ChatTools = {
  currentTime: { input: z.infer<typeof currentTimeInput>; output: z.infer<typeof currentTimeOutput> };
  searchChats: { input: z.infer<typeof searchChatsInput>; output: z.infer<typeof searchChatsOutput> };
};
