import { z } from "zod";

/** What happens in chats that are not open: an answer is being made, or is done and was not looked at yet. */
const chatNewsSchema = z.record(z.string(), z.enum(["answering", "done"]));
export type ChatNews = z.infer<typeof chatNewsSchema>;

/** The news, and a mark of the newest chats: another one where the list of them has changed. */
export const listNewsSchema = z.object({ news: chatNewsSchema, mark: z.string() });
export type ListNews = z.infer<typeof listNewsSchema>;
