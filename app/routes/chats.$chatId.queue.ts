import type { ActionFunctionArgs, LoaderFunctionArgs } from "@remix-run/node";
import { requireOwnChatJson } from "#app/server/foreign-chat.server.ts";
import { intentOf } from "#app/server/intents.ts";
import { answerQueueIntent } from "#app/server/queue-intents.server.ts";
import { queueNow } from "#app/server/queue-view.server.ts";
import { readForm } from "#app/server/read-form.server.ts";
import { TriggerError } from "#app/server/trigger-client.server.ts";

/** What waits behind the running answer, for a page that was not told: see `useOthersQueue`. */
export async function loader({ request, params }: LoaderFunctionArgs): Promise<Response> {
  const { chatId } = await requireOwnChatJson(request, params.chatId);
  try {
    return Response.json(await queueNow(chatId), { headers: { "Cache-Control": "no-store" } });
  } catch (error) {
    if (!(error instanceof TriggerError)) throw error;
    return Response.json({ error: "What waits cannot be read right now." }, { status: 503 });
  }
}

/** Withdraws, edits or steers with a message that waits, for a page with scripts. */
export async function action({ request, params }: ActionFunctionArgs): Promise<Response> {
  const chat = await requireOwnChatJson(request, params.chatId);
  const form = await readForm(request);
  const intent = intentOf("routes/chats.$chatId.queue", form);
  if (intent === null) return Response.json({ error: "Nothing is asked for." }, { status: 400 });
  form.set("stay", "1");
  const answer = await answerQueueIntent(chat, intent, form);
  if ("redirectTo" in answer) return Response.json({ done: true });
  return Response.json(answer.body, { status: answer.status });
}
