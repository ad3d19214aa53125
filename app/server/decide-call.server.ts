import { z } from "zod";
import { chatPage } from "#app/models/chat.server.ts";
import { sendAnswers, tellSendError } from "#app/server/start-chat.server.ts";
import {
  answered,
  answersToSend,
  MAX_REASON,
  waitingCalls,
  type ToolAnswer,
} from "#app/shared/tool-answers.ts";

const approve = z.object({ decision: z.literal("approve") }).transform(() => ({ approved: true as const }));
const deny = z
  .object({ decision: z.literal("deny"), reason: z.string().trim().max(MAX_REASON).optional() })
  .transform(({ reason }) => ({ approved: false as const, ...(reason ? { reason } : {}) }));
const answer = z.object({ answer: z.string().trim().min(1).max(4000) });
const formSchema = z.object({ target: z.string().min(1).max(200) }).and(z.union([approve, deny, answer]));

type Decided = { redirectTo: string } | { status: number; body: { error: string } };

const refuse = (status: number, error: string): Decided => ({ status, body: { error } });
const UNREADABLE = "This form decides nothing that is known here.";
const DECIDED = "This was decided already.";
const SEVERAL = "Several things wait here, and are decided together. That needs scripts in the browser.";

/** What a form without scripts decides about a call that waits, in one's own chat. */
export async function decideCall(chat: { userId: string; chatId: string }, form: FormData): Promise<Decided> {
  const asked = formSchema.safeParse(Object.fromEntries(form));
  if (!asked.success) return refuse(400, UNREADABLE);
  const { target, ...given } = asked.data;
  const page = await chatPage({ ...chat, window: { limit: 1 } });
  const last = page?.messages.at(-1)?.message;
  const waiting = last ? waitingCalls(last) : [];
  const part = waiting.find(({ toolCallId }) => toolCallId === target);
  if (!last || !part) return refuse(409, DECIDED);
  if (waiting.length > 1) return refuse(409, SEVERAL);
  const decided = answered(part, given satisfies ToolAnswer);
  if (!decided) return refuse(400, UNREADABLE);
  const parts = last.parts.map((one) => (one === part ? decided : one));
  try {
    await sendAnswers(chat.chatId, answersToSend({ ...last, parts }), `decision-${last.id}-${target}`);
    return { redirectTo: `/chats/${chat.chatId}` };
  } catch (error) {
    const told = tellSendError(chat.chatId, error);
    return refuse(told.status, told.error);
  }
}
