import { z } from "zod";

/** What happens in chats that are not open: an answer is being made, or is done and was not looked at yet. */
export const chatNewsSchema = z.record(z.string(), z.enum(["answering", "done"]));
export type ChatNews = z.infer<typeof chatNewsSchema>;
