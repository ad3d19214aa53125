import type { ActionFunctionArgs } from "@remix-run/node";
import { chatOwner } from "#app/models/chat.server.ts";
import { requireUserJson } from "#app/server/auth.server.ts";
import { decideCall } from "#app/server/decide-call.server.ts";
import { auditForeignChat } from "#app/server/foreign-chat.server.ts";
import { readForm } from "#app/server/read-form.server.ts";
import { isChatId } from "#app/shared/chat-id.ts";

const missing = () => Response.json({ error: "There is no such chat." }, { status: 404 });

/** What is decided about calls of which several wait, for a page with scripts. */
export async function action({ request, params: { chatId } }: ActionFunctionArgs): Promise<Response> {
  const user = await requireUserJson(request);
  if (!isChatId(chatId)) return missing();
  if ((await chatOwner(chatId)) !== user.id) {
    await auditForeignChat({ userId: user.id, chatId });
    return missing();
  }
  const told = await decideCall({ userId: user.id, chatId }, await readForm(request));
  if ("redirectTo" in told) return Response.json({ done: true });
  return Response.json(told.body, { status: told.status });
}
