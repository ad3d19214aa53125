import { z } from "zod";
import { setVote } from "#app/models/vote.server.ts";
import { whenSaved } from "#app/server/when-saved.server.ts";
import { voteSchema } from "#app/shared/vote.ts";

const formSchema = z.object({
  target: z.string().min(1).max(128),
  vote: z.union([voteSchema, z.literal("none").transform(() => null)]),
});

/** Keeps the vote of a form for an answer in one's own chat. */
export async function giveVote(
  chat: { userId: string; chatId: string },
  form: FormData,
): Promise<{ status: number; body: { done: true } | { error: string } }> {
  const asked = formSchema.safeParse({ target: form.get("target"), vote: form.get("vote") });
  if (!asked.success) return { status: 400, body: { error: "This form names no answer, or no vote." } };
  const { target: messageId, vote } = asked.data;
  const isSet = await whenSaved(() => setVote({ ...chat, messageId, vote }), Boolean);
  if (isSet) return { status: 200, body: { done: true } };
  return { status: 404, body: { error: "There is no such answer in this chat any more." } };
}
