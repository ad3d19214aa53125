import { z } from "zod";

/** What a person thinks of an answer. */
export const voteSchema = z.enum(["up", "down"]);
export type Vote = z.infer<typeof voteSchema>;

/** By message id; an answer that is not in it has no vote. */
export type Votes = Readonly<Record<string, Vote>>;
