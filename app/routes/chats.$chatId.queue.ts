import type { ActionFunctionArgs, LoaderFunctionArgs } from "@remix-run/node";
import { chatOwner } from "#app/models/chat.server.ts";
import { requireUserJson } from "#app/server/auth.server.ts";
import { auditForeignChat } from "#app/server/foreign-chat.server.ts";
import { intentOf } from "#app/server/intents.ts";
import { answerQueueIntent } from "#app/server/queue-intents.server.ts";
import { queueNow } from "#app/server/queue-view.server.ts";
import { readForm } from "#app/server/read-form.server.ts";
import { TriggerError } from "#app/server/trigger-client.server.ts";
import { isChatId } from "#app/shared/chat-id.ts";

const missing = () => Response.json({ error: "There is no such chat." }, { status: 404 });

/** What waits behind the running answer, for a page that was not told: see `useOthersQueue`. */
export async function loader({ request, params }: LoaderFunctionArgs): Promise<Response> {
  const user = await requireUserJson(request);
  if (!isChatId(params.chatId)) return missing();
  const { chatId } = params;
  if ((await chatOwner(chatId)) !== user.id) {
    await auditForeignChat({ userId: user.id, chatId });
    return missing();
  }
  try {
    return Response.json(await queueNow(chatId), { headers: { "Cache-Control": "no-store" } });
  } catch (error) {
    if (!(error instanceof TriggerError)) throw error;
    return Response.json({ error: "What waits cannot be read right now." }, { status: 503 });
  }
}

/** Withdraws, edits or steers with a message that waits, for a page with scripts. */
export async function action({ request, params }: ActionFunctionArgs): Promise<Response> {
  const user = await requireUserJson(request);
  if (!isChatId(params.chatId)) return missing();
  const { chatId } = params;
  if ((await chatOwner(chatId)) !== user.id) {
    await auditForeignChat({ userId: user.id, chatId });
    return missing();
  }
  const form = await readForm(request);
  const intent = intentOf("routes/chats.$chatId.queue", form);
  if (intent === null) return Response.json({ error: "Nothing is asked for." }, { status: 400 });
  form.set("stay", "1");
  const answer = await answerQueueIntent({ userId: user.id, chatId }, intent, form);
  if ("redirectTo" in answer) return Response.json({ done: true });
  return Response.json(answer.body, { status: answer.status });
}
