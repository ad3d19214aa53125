import { createHash } from "node:crypto";
import { z } from "zod";
import { lockChat, readMessages } from "#app/models/branch.server.ts";
import { db, transaction, type Transaction } from "#app/models/db.server.ts";
import { storableJson } from "#app/models/storable.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { askUserInput } from "#app/shared/chat-tools.ts";
import {
  answered,
  MAX_ANSWER,
  MAX_REASON,
  waitingCalls,
  withAnswers,
  type ToolAnswer,
  type ToolAnswers,
} from "#app/shared/tool-answers.ts";
import type { Prisma } from "#prisma/generated/client.ts";

const storedAnswer = z.union([
  z.object({ approved: z.literal(true) }),
  z
    .object({ approved: z.literal(false), reason: z.string().max(MAX_REASON).optional() })
    .transform(({ reason }) => ({
      approved: false as const,
      ...(reason === undefined ? {} : { reason }),
    })),
  z.object({ answer: z.string().max(MAX_ANSWER) }),
]);

type Call = ReturnType<typeof waitingCalls>[number];

/** What was asked, and not only under which id: an approval has an id of its own, a question its words. */
function digestOf(call: Call): string {
  const asked = call.approval?.id ?? askUserInput.safeParse(call.input).data ?? null;
  return createHash("sha256")
    .update(JSON.stringify([call.type, call.toolCallId, asked]))
    .digest("hex");
}

/** What is decided about the calls of a message that wait, by their ids. The caller has checked the owner. */
export async function readDecisions(
  chatId: string,
  message: LongrunUIMessage,
  tx: Transaction = db(),
): Promise<ToolAnswers> {
  const waiting = new Map(waitingCalls(message).map((call) => [call.toolCallId, call]));
  if (waiting.size === 0) return {};
  const rows = await tx.decision.findMany({ where: { chatId, messageId: message.id } });
  return Object.fromEntries(
    rows.flatMap(({ toolCallId, digest, answer }) => {
      const call = waiting.get(toolCallId);
      if (!call || digestOf(call) !== digest) return [];
      const stored = storedAnswer.parse(answer);
      return answered(call, stored) ? [[toolCallId, stored]] : [];
    }),
  );
}

/** The answer at the end of the branch on screen, whose calls wait. */
export type WaitingAnswer = {
  /** With all that is decided about its calls. */
  message: LongrunUIMessage;
  /** How many of them are not decided yet. */
  left: number;
  /** Another one for each set of calls that wait together: the answer may come to wait again. */
  key: string;
};

/** "decided": by somebody before, or there is nothing that waits. "unsaved": no such call is stored (yet). */
type Outcome = "stored" | "decided" | "unfit" | "unsaved";

/** With what then waits, null where nothing does. */
type Stored = { outcome: Outcome; waiting: WaitingAnswer | null };

/**
 * Stores what the owner decides about a call that waits; the first decision counts. Decisions in one chat are stored
 * one after the other, so that one of them is the last; null: no such chat of this user.
 */
export function storeDecision(input: {
  userId: string;
  chatId: string;
  toolCallId: string;
  answer: ToolAnswer;
}): Promise<Stored | null> {
  const { userId, chatId, toolCallId, answer } = input;
  return transaction(async (tx) => {
    const last = await lockLast(tx, { userId, chatId });
    if (last === "missing") return null;
    const call = last && waitingCalls(last).find((one) => one.toolCallId === toolCallId);
    if (!last || !call) {
      const known = last?.parts.some((part) => "toolCallId" in part && part.toolCallId === toolCallId);
      return { outcome: known ? "decided" : "unsaved", waiting: null };
    }
    const clean = storableJson(answer) as ToolAnswer;
    if (!answered(call, clean)) return { outcome: "unfit", waiting: null };
    const before = await readDecisions(chatId, last, tx);
    const key = { chatId, messageId: last.id, toolCallId };
    const decided = Object.hasOwn(before, toolCallId);
    if (!decided) {
      const row = { digest: digestOf(call), answer: clean as Prisma.InputJsonValue, at: new Date() };
      // A row that is there is about an earlier call of the answer.
      await tx.decision.upsert({
        where: { chatId_messageId_toolCallId: key },
        create: { ...key, ...row },
        update: row,
      });
    }
    const all = decided ? before : { ...before, [toolCallId]: clean };
    return { outcome: decided ? "decided" : "stored", waiting: waitingAnswer(last, all) };
  });
}

/** The answer whose calls wait, as it is decided; null where none does, or the chat is missing or someone else's. */
export function readWaiting(own: { userId: string; chatId: string }): Promise<WaitingAnswer | null> {
  return transaction(async (tx) => {
    const last = await lockLast(tx, own);
    if (!last || last === "missing" || waitingCalls(last).length === 0) return null;
    return waitingAnswer(last, await readDecisions(own.chatId, last, tx));
  });
}

/** The last message on screen, with its chat locked: what the run writes waits, or is there. */
async function lockLast(
  tx: Transaction,
  { userId, chatId }: { userId: string; chatId: string },
): Promise<LongrunUIMessage | "missing" | null> {
  const own = await tx.chat.findFirst({ where: { id: chatId, userId }, select: { id: true } });
  const locked = own && (await lockChat(tx, chatId));
  if (!locked) return "missing";
  const [row] = locked.head === null ? [] : await readMessages(tx, chatId, [locked.head]);
  return row?.message ?? null;
}

function waitingAnswer(message: LongrunUIMessage, answers: ToolAnswers): WaitingAnswer {
  const decided = withAnswers(message, answers);
  const asked = waitingCalls(message).map(digestOf);
  const key = createHash("sha256")
    .update([message.id, ...asked].join(" "))
    .digest("hex");
  return { message: decided, left: waitingCalls(decided).length, key };
}
