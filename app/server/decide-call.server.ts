import { z } from "zod";
import { readWaiting, storeDecision, type WaitingAnswer } from "#app/models/decision.server.ts";
import { sendAnswers, tellSendError } from "#app/server/start-chat.server.ts";
import { whenSaved } from "#app/server/when-saved.server.ts";
import { answersToSend, MAX_ANSWER, MAX_REASON, type ToolAnswer } from "#app/shared/tool-answers.ts";

const approve = z.object({ decision: z.literal("approve") }).transform(() => ({ approved: true as const }));
const deny = z
  .object({ decision: z.literal("deny"), reason: z.string().trim().max(MAX_REASON).optional() })
  .transform(({ reason }) => ({ approved: false as const, ...(reason ? { reason } : {}) }));
const answer = z.object({ answer: z.string().trim().min(1).max(MAX_ANSWER) });
const decisionSchema = z
  .object({ target: z.string().min(1).max(200) })
  .and(z.union([approve, deny, answer]))
  .transform(({ target, ...given }) => ({ target, given: given satisfies ToolAnswer }));
/** What is decided, and could not be sent. */
const sendSchema = z.object({ decision: z.literal("send") });
const formSchema = z.union([sendSchema, decisionSchema]);

type Chat = { userId: string; chatId: string };
type Decided = { redirectTo: string } | { status: number; body: { error: string } };

const refuse = (status: number, error: string): Decided => ({ status, body: { error } });
const UNREADABLE = "This form decides nothing that is known here.";
const DECIDED = "This was decided already.";
const LEFT = "Something here still waits for a decision.";
const KEPT =
  "What you decided is kept, but the service that answers cannot be reached. Send it again in a moment.";

/**
 * Keeps what a form decides about a call that waits, in one's own chat. Whoever makes the last decision lets the answer
 * go on; so does a form that asks for that alone, where it could not be sent before.
 */
export async function decideCall(chat: Chat, form: FormData): Promise<Decided> {
  const asked = formSchema.safeParse(Object.fromEntries(form));
  if (!asked.success) return refuse(400, UNREADABLE);
  if ("decision" in asked.data) {
    const waiting = await readWaiting(chat);
    return waiting && waiting.left > 0 ? refuse(409, LEFT) : goOn(chat, waiting);
  }
  const { target: toolCallId, given } = asked.data;
  const store = () => storeDecision({ ...chat, toolCallId, answer: given });
  const stored = await whenSaved(store, (found) => found?.outcome !== "unsaved");
  if (!stored) return refuse(404, "There is no such chat.");
  if (stored.outcome === "unfit") return refuse(400, UNREADABLE);
  const sent = await goOn(chat, stored.waiting);
  return stored.outcome === "stored" ? sent : refuse(409, DECIDED);
}

/** Hands all decisions to the run once none is left. The same ones again are one message. */
async function goOn({ chatId }: Chat, waiting: WaitingAnswer | null): Promise<Decided> {
  const done = { redirectTo: `/chats/${chatId}` };
  if (!waiting || waiting.left > 0) return done;
  try {
    await sendAnswers(chatId, answersToSend(waiting.message), `decisions-${waiting.key}`);
    return done;
  } catch (error) {
    const told = tellSendError(chatId, error);
    return refuse(told.status, told.status === 503 ? KEPT : told.error);
  }
}
